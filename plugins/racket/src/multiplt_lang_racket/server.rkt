#lang racket/base
;; A warm Racket (multiplt.Server), started as `racket -t server.rkt -u main.rkt`: what comes after `serve` happens in
;; each forked child, for which Racket itself then runs main.rkt, as `racket main.rkt` would.

(module configure-runtime '#%kernel) ; how a run is configured is for the program's language to say

(require ffi/unsafe
         syntax/modread
         racket/runtime-path
         (for-syntax racket/base)
         (only-in racket/runtime-config) ; what programs need, in this namespace
         (only-in "sample.rkt"))

(define serve (get-ffi-obj "multiplt_serve" (ffi-lib (getenv "MULTIPLT_SERVE")) (_fun -> _long)))

;; The harness in compiled form, as if it had been read from where programs have it.
(define-runtime-path harness-text "harness.rkt")
(define harness (build-path (current-directory) "harness.rkt"))
(define (read-harness)
  (call-with-input-file harness-text
    (lambda (port)
      (port-count-lines! port)
      (check-module-form (read-syntax harness port) 'harness harness))))
(define compiled-harness
  (parameterize ([current-module-declare-name (make-resolved-module-path harness)])
    ((current-compile) (with-module-reading-parameterization read-harness) #t)))

;; What `racket` does before the first module of its command line, and only the first.
(define (configure-runtime module)
  (define submodule `(submod ,module configure-runtime))
  (when (module-declared? submodule #t)
    (dynamic-require submodule #f))
  (define (call place) ((dynamic-require (vector-ref place 0) (vector-ref place 1)) (vector-ref place 2)))
  (define info (module->language-info module #t))
  (when info
    (for-each call ((call info) 'configure-runtime '()))))

(collect-garbage)
(void (serve))

(current-pseudo-random-generator (make-pseudo-random-generator)) ; seeded by the time
(when (file-exists? harness)
  (parameterize ([current-module-declare-name (make-resolved-module-path harness)])
    (eval compiled-harness)))
(configure-runtime '(file "main.rkt"))

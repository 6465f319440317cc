#lang racket/base
;; A warm Racket (multiplt.Server), started as `racket -t server.rkt -u main.rkt`: what comes after `serve` happens in
;; each forked child, for which Racket then runs main.rkt as `racket main.rkt` would.

(module configure-runtime '#%kernel) ; main.rkt's language says how its run is configured, not this one's

(require ffi/unsafe syntax/modread)

(define serve (get-ffi-obj "multiplt_serve" (ffi-lib (getenv "MULTIPLT_SERVE")) (_fun -> _long)))

;; Racket's own descriptors (an epoll set, and a pipe of which it has both ends), by what they are. Children would share
;; them with each other, so each gets new ones in their places. A socket pair serves both directions, as either end.
(define (own-descriptors)
  (define links
    (for*/list ([name (directory-list "/proc/self/fd")]
                [path (in-value (build-path "/proc/self/fd" name))]
                #:when (link-exists? path))
      (cons (path->string (resolve-path path)) (string->number (path->string name)))))
  (for/fold ([groups (hash)]) ([link links])
    (hash-update groups (car link) (lambda (group) (cons (cdr link) group)) '())))

(define own (own-descriptors))
(define epolls (hash-ref own "anon_inode:[eventpoll]" '()))
(define pipes (for/list ([(name group) own] #:when (and (regexp-match? #rx"^pipe:" name) (= (length group) 2))) group))

(define close-on-exec #o2000000)
(define not-blocking #o4000)
(define-values (unix stream) (values 1 1))
(define epoll-create (get-ffi-obj "epoll_create1" #f (_fun _int -> _int)))
(define socket-pair
  (get-ffi-obj "socketpair" #f (_fun _int _int _int (pair : (_list o _int 2)) -> _int -> pair)))
(define replace-by (get-ffi-obj "dup3" #f (_fun _int _int _int -> _int)))
(define close (get-ffi-obj "close" #f (_fun _int -> _int)))

(define (renew-descriptors)
  (define (put new old)
    (replace-by new old close-on-exec)
    (close new))
  (for ([epoll epolls]) (put (epoll-create close-on-exec) epoll))
  (for ([pipe pipes])
    (for-each put (socket-pair unix (+ stream close-on-exec not-blocking) 0) pipe)))

(define (reseed)
  (define seed (call-with-input-file "/dev/urandom" (lambda (port) (read-bytes 4 port))))
  (random-seed (modulo (integer-bytes->integer seed #f) 2147483648)))

;; The harness in compiled form, as if it had been loaded from where programs have it.
(define harness (build-path (current-directory) "harness.rkt"))
(define (compile-harness text)
  (define (read-module)
    (call-with-input-file text
      (lambda (port)
        (port-count-lines! port)
        (check-module-form (read-syntax harness port) 'harness text))))
  (parameterize ([current-module-declare-name (make-resolved-module-path harness)])
    ((current-compile) (with-module-reading-parameterization read-module) #t)))

(define here (variable-reference->module-source (#%variable-reference)))
(define-values (folder name directory?) (split-path here))
(for ([library '(racket racket/runtime-config rackunit)]) (dynamic-require library #f))
(define compiled-harness (compile-harness (build-path folder "harness.rkt")))
(dynamic-require (build-path folder "sample.rkt") (void)) ; compiling wakes what is lazy in the expander and in macros
(collect-garbage)

(void (serve))

(renew-descriptors)
(reseed)
(when (file-exists? harness)
  (parameterize ([current-module-declare-name (make-resolved-module-path harness)])
    (eval compiled-harness)))

;; What `racket` does for the first module of its command line only.
(define main '(file "main.rkt"))
(define configure '(submod (file "main.rkt") configure-runtime))
(when (module-declared? configure #t) (dynamic-require configure #f))
(let ([info (module->language-info main #t)])
  (when info
    (define get ((dynamic-require (vector-ref info 0) (vector-ref info 1)) (vector-ref info 2)))
    (for ([each (get 'configure-runtime '())])
      ((dynamic-require (vector-ref each 0) (vector-ref each 1)) (vector-ref each 2)))))

#lang racket/base
;; Calls the candidate case by case and writes what each call returned or raised to the record channel;
;; multiplt.execute.records says how. All that is needed is at hand before the candidate is loaded, and
;; the nonce is a local variable, which no module->namespace reaches.

(require racket/set)
(provide run-cases)

(define value-limit 1000000)   ; bytes of one value
(define channel-limit 6000000) ; bytes of all values; what comes later is written by its printed form
(define depth-limit 200)       ; levels of nesting
(define int-limit 300000)      ; bits of an integer; printing takes the square of them
(define text-limit 200)        ; characters of a printed form
(define message-limit 1000)    ; characters

;; file: the candidate's module; name: its entry point; cases: functions that make a list of arguments
(define (run-cases file name . cases)
  (define nonce (read-line))
  (define channel (open-output-file "/proc/self/fd/3" #:exists 'append))
  (define key (+ 2 (string->number (substring nonce 0 5) 16)))
  (define printed (error-value->string-handler))
  (define digest 0)
  (define written 0)

  (define (write-frame . parts)
    (define payload (apply bytes-append parts))
    (define frame (bytes-append (number->bytes (bytes-length payload)) #":" payload))
    (write-bytes frame channel)
    (flush-output channel)
    (set! written (+ written (bytes-length frame)))
    (set! digest
          (for/fold ([digest digest]) ([byte (in-bytes frame)])
            (modulo (+ (* digest key) byte 1) 2147483647))))

  (define (message raised)
    (define text (if (exn? raised) (exn-message raised) (printed raised text-limit)))
    (string->bytes/utf-8 (substring text 0 (min message-limit (string-length text)))))

  (define (load-candidate)
    (guarded
     (lambda () (dynamic-require (build-path (current-directory) file) name))
     (lambda (raised)
       (define syntax? (or (exn:fail:read? raised) (exn:fail:syntax? raised)))
       (write-frame (if syntax? #"xSyntaxError " #"xException ") (message raised))
       #f)))

  (define (run-case number arguments entry)
    (define (head kind) (bytes-append kind (number->bytes number) #" "))
    (guarded
     (lambda ()
       (define result (apply entry (arguments)))
       (define limit (min value-limit (- channel-limit written)))
       (define value (encode result limit printed))
       (lambda () (write-frame (head #"v") value)))
     (lambda (raised)
       (define text (message raised))
       (lambda () (write-frame (head #"e") text)))))

  (parameterize ([current-custodian (make-custodian)]
                 [exit-handler (lambda (code) (error 'exit "called with ~e" code))])
    (define entry (load-candidate))
    (when entry
      (for ([arguments (in-list cases)] [number (in-naturals)])
        ((run-case number arguments entry)))))
  (write-frame #"z" (string->bytes/utf-8 nonce) #" " (number->bytes digest))
  (exit 0))

;; What thunk returns, or what on-error makes of whatever it raised; it cannot jump out otherwise.
(define (guarded thunk on-error)
  (with-handlers ([(lambda (raised) #t) on-error])
    (call-with-continuation-prompt
     thunk
     (default-continuation-prompt-tag)
     (lambda ignored (error "the computation was aborted")))))

;; A value as a record; one that has no end or passes the limit in bytes is its printed form.
(define (encode value limit printed)
  (define (unknown value) (sized #"?" (string->bytes/utf-8 (printed value text-limit))))
  (let/ec return
    (define out (open-output-bytes))
    (define (put . parts)
      (for ([part (in-list parts)]) (write-bytes part out))
      (when (> (file-position out) limit) (return (unknown value))))
    (define (put-items tag count items depth)
      (put tag (number->bytes count) #":")
      (for ([item (in-list items)]) (put-value item (add1 depth))))
    (define (put-value value depth)
      (cond
        [(> depth depth-limit) (put (unknown value))]
        [(eq? value #t) (put #"T")]
        [(eq? value #f) (put #"F")]
        [(and (exact-integer? value) (> (integer-length value) int-limit))
         (put (sized #"?" #"an integer too long to print"))]
        [(exact-integer? value) (put #"i" (number->bytes value) #";")]
        [(real? value) (put #"d" (float->bytes (real->double-flonum value)) #";")]
        [(string? value) (put (sized #"s" (string->bytes/utf-8 value)))]
        [(list? value) (put-items #"l" (length value) value depth)]
        [(hash? value)
         (define entries (hash-map value list))
         (put-items #"m" (length entries) (apply append entries) depth)]
        [(or (set? value) (set-mutable? value) (set-weak? value))
         (define items (set->list value))
         (put-items #"z" (length items) items depth)]
        [else (put (unknown value))]))
    (put-value value 0)
    (get-output-bytes out)))

(define (sized tag content) (bytes-append tag (number->bytes (bytes-length content)) #":" content))

(define (number->bytes number) (string->bytes/utf-8 (number->string number)))

(define (float->bytes value)
  (cond
    [(eqv? value +inf.0) #"inf"]
    [(eqv? value -inf.0) #"-inf"]
    [(eqv? value +nan.0) #"nan"]
    [else (number->bytes value)]))

#lang racket/base
;; What Racket opens for itself: an epoll set, and a pipe of which it has both ends. Forked children would share them
;; with each other and could disturb each other through them, so each gets new ones in the places of the old.

(require ffi/unsafe)
(provide renew-descriptors)

(define close-on-exec #o2000000)
(define not-blocking #o4000)
(define-values (local stream) (values 1 1))

(define epoll-create (get-ffi-obj "epoll_create1" #f (_fun _int -> _int)))
(define socket-pair
  (get-ffi-obj "socketpair" #f (_fun _int _int _int (pair : (_list o _int 2)) -> _int -> pair)))
(define duplicate (get-ffi-obj "dup3" #f (_fun _int _int _int -> _int)))
(define close (get-ffi-obj "close" #f (_fun _int -> _int)))

;; Descriptors by what they are: those of the same thing are in one list.
(define (open-descriptors)
  (for*/fold ([open (hash)])
             ([name (directory-list "/proc/self/fd")]
              [link (in-value (build-path "/proc/self/fd" name))]
              #:when (link-exists? link))
    (define number (string->number (path->string name)))
    (hash-update open (path->string (resolve-path link)) (lambda (same) (cons number same)) '())))

(define open (open-descriptors))
(define epoll-sets (hash-ref open "anon_inode:[eventpoll]" '()))
(define pipes
  (for/list ([(what same) open] #:when (and (regexp-match? #rx"^pipe:" what) (= (length same) 2))) same))

(define (renew-descriptors)
  (for ([old epoll-sets])
    (put (epoll-create close-on-exec) old))
  (for ([ends pipes]) ; whichever end is which: a pair of sockets works in both directions
    (for-each put (socket-pair local (+ stream close-on-exec not-blocking) 0) ends)))

(define (put new old)
  (duplicate new old close-on-exec)
  (close new))

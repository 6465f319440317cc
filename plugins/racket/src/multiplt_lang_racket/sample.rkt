#lang racket
;; A program of the usual kind: once it is compiled, what is lazy in the expander and in macros is awake.

(require rackunit)

(struct point (x y) #:transparent)
(define/contract (total numbers) (-> (listof number?) number?) (apply + numbers))

(define (sample numbers [start 0] #:scale [scale 1])
  (define-values (small large) (partition (lambda (n) (< n 10)) numbers))
  (define counts (make-hash))
  (for ([n (in-list numbers)] [i (in-naturals)] #:when (even? i)) (hash-update! counts n add1 0))
  (let* ([words (string-split "a b c" " ")] [joined (string-join (map string-upcase words) ",")])
    (cond
      [(null? numbers) start]
      [(member joined words) => car]
      [(and (pair? small) (or (null? large) (not start))) (* scale (first small))]
      [else
       (let loop ([rest-of numbers] [sum start])
         (match rest-of
           ['() (when (zero? sum) (set! sum 1)) sum]
           [(list (? even? n) more ...) (loop more (+ sum n))]
           [(cons n more) (loop more (case n [(1 2) sum] [else (- sum n)]))]))])))

(define (sums)
  (letrec ([even (lambda (n) (if (= n 0) #t (odd (sub1 n))))] [odd (lambda (n) (unless (= n 0) (even (sub1 n))))])
    (even 10))
  (list (for/list ([i (in-range 3)]) `(i ,i))
        (for/fold ([sum 0]) ([c (in-string "abc")]) (+ sum (char->integer c)))
        (for/sum ([i 3]) i)
        (for*/and ([i 3] [j (in-vector #(1 2))]) (< i j))
        (for/or ([(k v) (in-hash (hash 1 2))]) v)
        (for/vector ([i 2]) (point i i))
        (do ([i 0 (+ i 1)]) ((= i 3) i) (void))
        (with-handlers ([exn:fail? exn-message]) (parameterize ([current-output-port (open-output-string)]) (error "e")))
        (let/ec return (for-each return '(1 2)))
        (match-let ([(list a b) '(1 2)]) (let-values ([(q r) (quotient/remainder b a)]) (+ q r)))
        (sort '(3 1 2) < #:key values)
        (set-member? (list->set '(1 2)) 1)))

(define (test-sample)
  (let ([candidate sample])
    (check-equal? (candidate '(1 2 3)) 1)
    (check-within (candidate '() 0.5) 0.5 0.001)
    (check-true (number? (candidate '(1 12))))
  (check = (total '(1 2)) 3)
    (check-false (member 0 (sums)))))

(module inner racket
  (provide inner)
  (define (inner x) x))
(require 'inner)

(module+ main (test-sample))

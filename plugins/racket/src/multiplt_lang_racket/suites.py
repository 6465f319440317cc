"""The suite as text: rackunit's checks in a module of their own, and the code that ends a program."""

from __future__ import annotations

from collections.abc import Sequence

CANDIDATE = "candidate"
"""What a suite calls the function under test."""

# A submodule has none of the program's definitions in scope, so neither disturbs the other.
SUITE = """\
(module suite racket
  (require rackunit)
  (provide run-suite)
{helpers}
  (define (run-suite candidate)
{tests}))

(require 'suite)
(run-suite {name})
"""

TRUTH = """
  (define (truth value)
    (not (or (member value '(#f 0 0.0 -0.0 "" ()))
             (and (hash? value) (hash-empty? value))
             (and (any-set? value) (set-empty? value)))))
"""

ANY_SET = """
  (define (any-set? value) (or (set? value) (set-mutable? value) (set-weak? value)))
"""

# `multiplt.equality` in Racket: floats within a relative 1e-6 or an absolute 1e-9, or the test's tolerance.
SAME = """
  (define (same? actual expected) ((within #f) actual expected))

  (define ((within tolerance) actual expected)
    (define (same? actual expected)
      (cond
        [(flonum? expected) (and (real? actual) (close? actual expected))]
        [(list? expected)
         (and (list? actual) (= (length actual) (length expected)) (andmap same? actual expected))]
        [(hash? expected) (and (hash? actual) (permuted? (hash-map actual list) (hash-map expected list)))]
        [(set? expected) (and (any-set? actual) (permuted? (set->list actual) (set->list expected)))]
        [else (equal? actual expected)]))
    (define (permuted? actual expected)
      (if (null? expected)
          (null? actual)
          (let ([match (memf (lambda (item) (same? item (first expected))) actual)])
            (and match (permuted? (remove (first match) actual) (rest expected))))))
    (define (close? actual expected)
      (define flonum (real->double-flonum actual))
      (or (= actual expected)
          (and (nan? flonum) (nan? expected))
          (and (rational? flonum)
               (rational? expected)
               (<= (abs (- flonum expected))
                   (or tolerance (max (* 1e-6 (max (abs flonum) (abs expected))) 1e-9))))))
    (same? actual expected))
"""

# The nonce is read when the submodule is required, before anything of the program runs. '#%kernel is
# the language that costs no time.
END_MARK = """\
(module multiplt-end '#%kernel
  (#%provide multiplt-end)
  (define-values (multiplt-end)
    (let-values ([(nonce) (read-line)])
      (lambda ()
        (let-values ([(channel) (open-output-file "/proc/self/fd/3" 'append)])
          (write-string (string-append "35:z" nonce " 0") channel)
          (close-output-port channel))))))
(require 'multiplt-end)
(multiplt-end)
"""


def suite(name: str, tests: Sequence[str]) -> str:
    """The suite of the function `name` around its tests, with the helpers that they use."""
    text = "\n".join(f"    {test}" for test in tests or ["(void)"])
    compares, asks = "(check same? " in text or "(check (within " in text, "(truth " in text
    helpers = [ANY_SET] * (compares or asks) + [SAME] * compares + [TRUTH] * asks
    return SUITE.format(helpers="".join(helpers), tests=text, name=name)

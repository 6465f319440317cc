"""Solutions of HumanEval as someone would reword them who wants no copy: names, words, quotes, order of statements.

They are read as text, never run.
"""

# ruff: noqa: C404, RET505, SIM103, SIM108, SIM110


def any_pair_nearby(values, limit):
    """Whether two of the values lie within the limit of one another."""
    for i, left in enumerate(values):
        for j, right in enumerate(values):
            if i != j:
                gap = abs(left - right)
                if gap < limit:
                    return True
    return False


def split_brackets(text):
    """Cut a text of brackets into the balanced pieces that it is made of."""
    depth = 0
    piece = []
    pieces = []
    for char in text:
        if char == "(":
            piece.append(char)
            depth += 1
        elif char == ")":
            piece.append(char)
            depth -= 1
            if depth == 0:
                pieces.append("".join(piece))
                piece.clear()
    return pieces


def average_distance(data):
    """How far the data lies from its average, on average."""
    center = sum(data) / len(data)
    return sum(abs(item - center) for item in data) / len(data)


def peaks_so_far(series):
    """For each place the greatest of all values up to it."""
    peaks = []
    best = None
    for value in series:
        if best is None:
            best = value
        else:
            best = max(best, value)
        peaks.append(best)
    return peaks


def wordiest(words):
    """The first word that no other surpasses in size, or nothing for no words."""
    if not words:
        return None
    size = max(len(word) for word in words)
    for word in words:
        if len(word) == size:
            return word
    return None


def durations(score):
    """How long each note of a score is held."""
    lengths = {"o|": 2, ".|": 1, "o": 4}
    return [lengths[note] for note in score.split(" ") if note]


def nearest_two(floats):
    """The pair whose members differ least, smaller one first."""
    best, pair = None, None
    for i, one in enumerate(floats):
        for j, other in enumerate(floats):
            if i != j:
                if best is None:
                    best = abs(one - other)
                    pair = tuple(sorted([one, other]))
                else:
                    found = abs(one - other)
                    if found < best:
                        best = found
                        pair = tuple(sorted([one, other]))
    return pair


def has_no_divisor(number):
    """True for a number with no divisors but itself and one."""
    if number < 2:
        return False
    for divisor in range(2, number - 1):
        if number % divisor == 0:
            return False
    return True


def order_thirds(items):
    """The items, every third of them put in order among themselves."""
    items = list(items)
    items[::3] = sorted(items[::3])
    return items


def count_sevens(limit):
    """How often a seven is written in multiples of eleven or thirteen under a limit."""
    numbers = []
    for number in range(limit):
        if number % 13 == 0 or number % 11 == 0:
            numbers.append(number)
    digits = "".join(list(map(str, numbers)))
    total = 0
    for digit in digits:
        total += digit == "7"
    return total


def four_step(index):
    """An element of the series in which each is the sum of the four before."""
    last = [0, 0, 2, 0]
    if index < 4:
        return last[index]
    for _step in range(4, index + 1):
        last.append(last[-1] + last[-2] + last[-3] + last[-4])
        last.pop(0)
    return last[-1]


def equal_letters(left, right):
    """Whether both texts are made of one and the same stock of letters."""
    return set(left) == set(right)


def sung_letters(word):
    """Tell how many letters of a word are sung: a, e, i, o, u, or y at its end."""
    sung = "AEIOUaeiou"
    total = sum(letter in sung for letter in word)
    if word[-1] == "Y" or word[-1] == "y":
        total += 1
    return total


def zigzag(values):
    """Take the least, then the greatest of what remains, and so forth."""
    low, ordered = True, []
    while values:
        ordered.append(min(values) if low else max(values))
        values.remove(ordered[-1])
        low = not low
    return ordered


def marks(averages):
    """Letter marks for a class, from the average of each pupil."""
    letters = []
    for average in averages:
        if average == 4.0:
            letters.append("A+")
        elif average > 3.7:
            letters.append("A")
        elif average > 3.3:
            letters.append("A-")
        elif average > 3.0:
            letters.append("B+")
        elif average > 2.7:
            letters.append("B")
        elif average > 2.3:
            letters.append("B-")
        elif average > 2.0:
            letters.append("C+")
        elif average > 1.7:
            letters.append("C")
        elif average > 1.3:
            letters.append("C-")
        elif average > 1.0:
            letters.append("D+")
        elif average > 0.7:
            letters.append("D")
        elif average > 0.0:
            letters.append("D-")
        else:
            letters.append("E")
    return letters


def shifted(message):
    """The message with each small letter moved on by four, and all else as it was."""
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    result = ""
    for letter in message:
        if letter not in alphabet:
            result += letter
        else:
            result += alphabet[(alphabet.index(letter) + 2 * 2) % 26]
    return result


def last_digits_product(first, second):
    """What the last digits of both numbers give, times each other."""
    return abs(first % 10) * abs(second % 10)


def positive_digit_sums(numbers):
    """Of how many numbers the digits add up to more than nothing, a minus counting for the first one."""

    def added(number):
        sign = 1
        if number < 0:
            number, sign = -1 * number, -1
        number = [int(digit) for digit in str(number)]
        number[0] = number[0] * sign
        return sum(number)

    return len(list(filter(lambda total: total > 0, [added(number) for number in numbers])))


def rises(sequence):
    """True for a sequence that never falls and has nothing in it three times."""
    seen = dict([(item, 0) for item in sequence])
    for item in sequence:
        seen[item] += 1
    if any(seen[item] > 2 for item in sequence):
        return False
    if all(sequence[k - 1] <= sequence[k] for k in range(1, len(sequence))):
        return True
    else:
        return False


def odd_at_both_ends(numbers):
    """Count what exceeds ten and has an uneven digit in front and at the back."""
    found = 0
    uneven = (1, 3, 5, 7, 9)
    for number in numbers:
        if number > 10:
            digits = str(number)
            if int(digits[0]) in uneven and int(digits[-1]) in uneven:
                found += 1
    return found

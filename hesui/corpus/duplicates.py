"""Finds texts that are nearly equal: fingerprints, questions without their demand, an index of near neighbours.

Knows nothing of families, splits or files.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import regex
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from hesui.corpus.rows import Row
from hesui.length import Constraint, Span, parse

if TYPE_CHECKING:
    from datasketch import MinHash  # type: ignore[import-untyped]

THRESHOLD = 0.95  # normalised Levenshtein similarity from which two texts count as one
LOWEST_THRESHOLD = 0.9  # below it the bands of the index would miss pairs

_NOISE = regex.compile(r"[\p{P}\p{Z}\p{C}\p{Sk}~|]+")
_HAN_DIGITS = "零〇一二三四五六七八九十百千万萬亿億两兩廿卅壹贰叁肆伍陆柒捌玖拾佰仟"
_AMOUNT = regex.compile(rf"(?:\p{{Nd}}++|[{_HAN_DIGITS}]{{2,}}+|[{_HAN_DIGITS}](?=个?[字词句行段]))+[百千万萬]?+")
_HIDDEN = "#"  # stands for a number; no normalised text holds one of its own

# words that belong to a demand but stand outside its span: "，字数控制在50字以内", "50字的祝福", "in about 50 words"
_REACH = 16  # characters looked at on either side of a demand
_LEAD = re.compile(
    r"(?:[，,；;。（(【]\s*(?:请?写|全文)?)?(?:字数|篇幅|长度|要求|控制|限制|限定|限)*[为是在到要需应须：:\s]*\Z"
    r"|(?:,\s*)?\b(?:in|of|within|with|using|at)\s*\Z"
)
_TRAIL = re.compile(r"(?:的|即可|就行|就好|为宜|[）)】])*")

_GRAM = 3  # characters; one changed character changes three of them
_BANDS, _ROWS = 24, 3  # similarity 0.95 leaves two texts 0.71 of their grams or more: missed with 0.636^24 = 0.00002
_SEED = 20_240_210
_WIDTH = 4  # bytes of a character in UTF-32


class Match(NamedTuple):
    """A known text that is nearly equal to the one asked for."""

    key: str
    similarity: float  # 0 to 1, 1 = equal


def normalised(text: str) -> str:
    """`text` as it is compared: NFKC, case folded, without punctuation and white space; numbers stay."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", _NOISE.sub("", folded))


def fingerprint(text: str) -> str:
    """SHA-256 of the normalised text, in hexadecimal: equal for texts that differ in punctuation and case only."""
    return sha256(normalised(text).encode("utf-8", "surrogatepass")).hexdigest()


def skeleton(prompt: str, constraint: Constraint | None) -> str:
    """The question that a prompt asks, normalised, without its length demand and with its numbers hidden.

    "给妈妈写一段50字的祝福" and "给妈妈写一段祝福，60字以内。" have the same one. The demand is what the constraint's
    spans mark (read again where it has none) with the few words that lean on it; nothing stays in its place,
    because a demand moves about in a sentence. Hidden numbers: Arabic digits, Han numerals of two or more
    characters (一百五十), a single one before a unit of text (三句). Numbers in English words stay.
    """
    for span in sorted(_spans(prompt, constraint), reverse=True):
        prompt = _without(prompt, span)
    return _AMOUNT.sub(_HIDDEN, normalised(prompt))


def conversation(row: Row) -> str:
    """What a row says to a model: the turns before its prompt, then the prompt; not the system's, which a class shares."""
    return "\n".join([*_turns(row), row.prompt])


def question(row: Row) -> str:
    """The skeleton of a row's conversation; only the prompt's demand counts as one."""
    return "".join(skeleton(turn, None) for turn in _turns(row)) + skeleton(row.prompt, row.constraint)


def _turns(row: Row) -> list[str]:
    return [message.content for message in row.history if message.role != "system"]


def bands(text: str) -> list[str]:
    """Fingerprints of a text: texts that are nearly equal as `Nearby` compares them share at least one.

    For an index that lies in a database. What shares one is a candidate; the Levenshtein similarity decides.
    """
    known = normalised(text)
    if _stands_alone(known, THRESHOLD):
        return [f"={sha256(known.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}"]
    hashes = _signature(known).hashvalues
    return [
        f"{band:02}{sha256(hashes[band * _ROWS : (band + 1) * _ROWS].tobytes()).hexdigest()[:16]}"
        for band in range(_BANDS)
    ]


class Nearby:
    """An index of texts that finds those nearly equal to another; texts are compared as they come.

    MinHash bands over character trigrams propose candidates, the Levenshtein similarity decides. A text that was
    added before keeps its first key. The same calls give the same results in every process.
    """

    def __init__(self, threshold: float = THRESHOLD) -> None:
        """Raises ValueError on a threshold outside LOWEST_THRESHOLD to 1."""
        if not LOWEST_THRESHOLD <= threshold <= 1:
            raise ValueError(f"threshold {threshold} is out of range; expected {LOWEST_THRESHOLD} to 1")
        from datasketch import MinHashLSH  # loads scipy: over a second

        self.threshold = threshold
        self._keys: list[str] = []
        self._texts: list[str] = []
        self._known: dict[str, int] = {}  # a text's place in both lists
        self._bands = MinHashLSH(num_perm=_BANDS * _ROWS, params=(_BANDS, _ROWS))
        self._asked: tuple[str, MinHash] | None = None  # the last signature: who asks often adds next

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, key: str, text: str) -> None:
        """Remember `text` under `key`."""
        if text in self._known:
            return
        place = len(self._texts)
        self._known[text] = place
        self._keys.append(key)
        self._texts.append(text)
        if not self._stands_alone(text):
            self._bands.insert(place, self._signature(text), check_duplication=False)

    def nearest(self, text: str) -> Match | None:
        """The known text most like `text`, the first added of several alike; None where none is near enough."""
        if text in self._known:
            return Match(self._keys[self._known[text]], 1.0)
        return next(iter(self.near(text)), None)

    def near(self, text: str) -> list[Match]:
        """Every known text near enough to `text`, the most similar first, then the first added."""
        if self._stands_alone(text):
            return [Match(self._keys[self._known[text]], 1.0)] if text in self._known else []
        places = sorted(self._bands.query(self._signature(text)))
        found = process.extract(
            text,
            [self._texts[place] for place in places],
            scorer=Levenshtein.normalized_similarity,
            score_cutoff=self.threshold,
            limit=None,
        )
        ranked = sorted((-similarity, places[at]) for _, similarity, at in found)
        return [Match(self._keys[place], -similarity) for similarity, place in ranked]

    def _stands_alone(self, text: str) -> bool:
        """Whether `text` is so short that a single change already falls below the threshold."""
        return _stands_alone(text, self.threshold)

    def _signature(self, text: str) -> MinHash:
        if self._asked is None or self._asked[0] != text:
            self._asked = text, _signature(text)
        return self._asked[1]


def _stands_alone(text: str, threshold: float) -> bool:
    return (len(text) + 1) * (1 - threshold) < 1 - 1e-9


@cache
def _blank() -> MinHash:
    """An empty signature; drawing its permutations anew for each text would take longer than the text."""
    from datasketch import MinHash

    return MinHash(num_perm=_BANDS * _ROWS, seed=_SEED, hashfunc=crc32)


def _signature(text: str) -> MinHash:
    signature = _blank().copy()
    signature.update_batch(_grams(text))
    return signature


def _grams(text: str) -> list[bytes]:
    """The trigrams of `text`, each once; of a shorter text itself."""
    raw, size = text.encode("utf-32-le", "surrogatepass"), _GRAM * _WIDTH
    return list({raw[at : at + size] for at in range(0, max(len(raw) - size, 0) + 1, _WIDTH)})


def _spans(prompt: str, constraint: Constraint | None) -> list[Span]:
    if constraint is None:
        return []
    found = list(_own_spans(constraint))
    if found and all(0 <= span.start < span.end <= len(prompt) for span in found):
        return found
    read = parse(prompt)
    return list(_own_spans(read)) if read else []


def _own_spans(constraint: Constraint) -> Iterator[Span]:
    for one in (constraint, *constraint.extra):
        if one.span is not None:
            yield one.span


def _without(prompt: str, span: Span) -> str:
    lead = _LEAD.search(prompt, max(0, span.start - _REACH), span.start)
    trail = _TRAIL.match(prompt, span.end)
    start = lead.start() if lead else span.start
    end = trail.end() if trail else span.end
    return f"{prompt[:start]} {prompt[end:]}"

r"""The TeX of formulas that a report may contain: mathematics only, as every TeX program and MathJax typesets it.

Slides, quizzes and files for other pages contain the source of a formula, which LaTeX may execute: `\input` reads a
file, even inside of `\text`, and `^^5c` is another spelling of the backslash. Therefore, a formula may only contain
the commands, environments and characters of these tables.
"""

from __future__ import annotations

import functools
import re

MOST_CHARACTERS = 2000
"""Largest length of a formula."""

MOST_NESTED = 40
"""Largest depth of braces, environments and delimiters."""

GREEK = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu nu xi pi
    varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega digamma Gamma Delta Theta Lambda Xi Pi Sigma
    Upsilon Phi Psi Omega
"""
LETTERS = """
    aleph beth gimel daleth ell hbar hslash imath jmath wp Re Im partial nabla infty emptyset varnothing forall exists
    nexists neg lnot top bot angle measuredangle prime backprime backslash surd triangle square blacksquare Box Diamond
    diamondsuit clubsuit heartsuit spadesuit flat natural sharp checkmark eth mho complement bigstar dots ldots
    cdots vdots ddots dotsc dotsb dotsm dotsi dotso colon S P
"""
OPERATORS = """
    pm mp times div cdot cdotp ldotp ast star circ bullet cap cup uplus sqcap sqcup vee wedge lor land setminus
    smallsetminus wr diamond bigtriangleup bigtriangledown triangleleft triangleright oplus ominus otimes oslash odot
    dagger ddagger amalg bigcirc boxplus boxminus boxtimes boxdot circledast circledcirc circleddash ltimes rtimes
    intercal barwedge veebar doublebarwedge divideontimes dotplus centerdot sum prod coprod int iint iiint oint bigcap
    bigcup bigsqcup bigvee bigwedge bigoplus bigotimes bigodot biguplus smallint
"""
RELATIONS = """
    le leq ge geq lt gt ne neq ll gg lll ggg leqslant geqslant lesssim gtrsim lessapprox gtrapprox lessgtr gtrless leqq
    geqq nleq ngeq nless ngtr lneq gneq lneqq gneqq equiv sim simeq approx approxeq cong asymp doteq doteqdot eqcirc
    circeq triangleq propto varpropto models perp mid nmid parallel nparallel prec succ preceq succeq precsim succsim
    subset supset subseteq supseteq nsubseteq nsupseteq subsetneq supsetneq sqsubset sqsupset sqsubseteq sqsupseteq in
    ni owns notin vdash dashv vDash Vdash nvdash nvDash bowtie smile frown therefore because thicksim thickapprox
    backsim backsimeq bumpeq Bumpeq nsim ncong not
"""
ARROWS = """
    to gets leftarrow rightarrow leftrightarrow Leftarrow Rightarrow Leftrightarrow longleftarrow longrightarrow
    longleftrightarrow Longleftarrow Longrightarrow Longleftrightarrow mapsto longmapsto hookleftarrow hookrightarrow
    uparrow downarrow updownarrow Uparrow Downarrow Updownarrow nearrow searrow swarrow nwarrow leftharpoonup
    leftharpoondown rightharpoonup rightharpoondown rightleftharpoons leftrightharpoons leadsto iff implies impliedby
    rightrightarrows leftleftarrows leftrightarrows rightleftarrows upuparrows downdownarrows twoheadrightarrow
    twoheadleftarrow rightarrowtail leftarrowtail rightsquigarrow curvearrowright curvearrowleft circlearrowright
    circlearrowleft nleftarrow nrightarrow nLeftarrow nRightarrow multimap xleftarrow xrightarrow
"""
NAMES = """
    arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup ln log max min
    Pr sec sin sinh sup tan tanh operatorname bmod pmod mod pod limits nolimits
"""
DELIMITERS = """
    langle rangle lceil rceil lfloor rfloor lvert rvert lVert rVert vert Vert lbrace rbrace lbrack rbrack lgroup rgroup
    lmoustache rmoustache ulcorner urcorner llcorner lrcorner
"""
STRUCTURES = """
    frac dfrac tfrac cfrac binom dbinom tbinom sqrt overset underset stackrel overline underline overbrace underbrace
    overrightarrow overleftarrow overleftrightarrow underrightarrow underleftarrow boxed phantom hphantom vphantom
    smash substack
"""
ACCENTS = "hat widehat bar vec dot ddot dddot ddddot tilde widetilde check breve acute grave mathring"
FONTS = """
    mathbf mathbb mathrm mathit mathcal mathfrak mathsf mathtt mathnormal boldsymbol bm mathscr mathop mathbin mathrel
    mathord mathopen mathclose mathpunct mathinner rm bf it sf tt cal
"""
SPACES = """
    quad qquad enspace thinspace medspace thickspace negthinspace negmedspace negthickspace displaystyle textstyle
    scriptstyle scriptscriptstyle
"""
SIZES = "big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr bigm Bigm biggm Biggm"

TABLES = (GREEK, LETTERS, OPERATORS, RELATIONS, ARROWS, NAMES, DELIMITERS, STRUCTURES, ACCENTS, FONTS, SPACES, SIZES)
COMMANDS = frozenset(" ".join(TABLES).split())
"""Names of the commands whose arguments, if any, are formulas again; those of text and environments have patterns."""

TEXTS = ("text", "textrm", "textbf", "textit", "textsf", "texttt", "textnormal", "textup", "textmd", "mbox")
"""Commands with an argument that is text, which must be plain."""

ENVIRONMENTS = (
    *("matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix"),
    *("cases", "array", "aligned", "gathered"),
)

_TEXT = rf"\\(?:{'|'.join(TEXTS)})(?![A-Za-z])\s*\{{(?P<text>(?:[^\\{{}}$&#^_%~]|\\[%&#_ ])*)\}}"
_BEGIN = rf"\\begin\{{(?P<begin>{'|'.join(ENVIRONMENTS)})\}}(?:(?<=array\}})\{{[lcr| ]+\}})?"
_END = r"\\end\{(?P<end>[a-z]+)\}"
_PAIR = r"\\(?P<pair>left|right|middle)(?![A-Za-z])\s*(?=[()\[\]|/.<>]|\\[{}|]|\\[A-Za-z])"
_COMMAND = r"\\(?:(?P<command>[A-Za-z]+)|(?P<symbol>[,;:!>|{}%#&_$ ]))"
_LETTER = r"(?P<mark>\\\\|[{}&])|(?P<letter>[^\\])"
_TOKEN = re.compile("|".join((_TEXT, _BEGIN, _END, _PAIR, _COMMAND, _LETTER)), re.DOTALL)

_LETTERS = re.compile(r"[A-Za-z0-9+\-*/=<>|()\[\].,:;!?'^_~ \t\n]")
_REFUSED = re.compile(r"\^\^|\n\s*\n")
"""TeX's spelling of characters by their codes, and a paragraph."""


@functools.lru_cache(maxsize=4096)
def is_mathematics(latex: str) -> bool:
    """Return whether a formula contains only known mathematics, and its braces and environments are balanced."""
    if len(latex) > MOST_CHARACTERS or _REFUSED.search(latex):
        return False
    opened: list[str] = []
    position = 0
    while position < len(latex):
        token = _TOKEN.match(latex, position)
        if token is None or not _is_known(token) or not _follows(token, opened, latex[:position]):
            return False
        position = token.end()
    return not opened


def _is_known(token: re.Match[str]) -> bool:
    """Return whether the command is known, and the letters are printable."""
    if command := token["command"]:
        return command in COMMANDS
    if letter := token["letter"]:
        return bool(_LETTERS.match(letter)) or _is_foreign(letter)
    return all(letter.isprintable() or letter in "\t\n" for letter in token["text"] or "")


def _is_foreign(letter: str) -> bool:
    """Return whether a letter is printable and beyond ASCII, where no letter has a meaning for TeX."""
    return not letter.isascii() and letter.isprintable()


def _follows(token: re.Match[str], opened: list[str], before: str) -> bool:
    """Return whether the token may follow, and keep `opened`, the innermost of which is the last one."""
    if opening := _opening(token, before):
        opened.append(opening)
        return len(opened) <= MOST_NESTED
    closing = {"}": ("{", "substack"), "right": ("left",)}.get(token["mark"] or token["pair"] or "")
    if closing or token["end"]:
        return bool(opened) and opened.pop() in (closing or (token["end"],))
    inner = opened[-1] if opened else ""
    if token["mark"] == "&":
        return inner in ENVIRONMENTS
    if token["mark"]:  # the end of a row
        return inner in ENVIRONMENTS or inner == "substack"
    return token["pair"] != "middle" or inner == "left"


def _opening(token: re.Match[str], before: str) -> str | None:
    """Return what a token opens."""
    if token["mark"] == "{":
        return "substack" if before.rstrip().endswith("\\substack") else "{"
    return token["begin"] or ("left" if token["pair"] == "left" else None)

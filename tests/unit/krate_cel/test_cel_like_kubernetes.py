"""Expressions and their values, as cel-go gave them in the environment of Kubernetes 1.36 (k8s.io/apiserver v0.36.3).

The values were asked of that environment once; this table holds the engine to them.
"""

import math

import pytest

from krate_cel import environment, errors
from krate_cel.environment import Returns

OBJECT = {
    "spec": {
        "replicas": 3,
        "f": 1.5,
        "x": None,
        "s": "hello",
        "nums": [1, 2, 3],
        "mixed": [2.0, 1, 1.5],
        "containers": [
            {"name": "a", "image": "registry/a"},
            {"name": "b", "image": "registry/b", "limits": {"cpu": 2}},
        ],
    },
    "metadata": {
        "name": "p",
        "labels": {"app": "web"},
        "annotations": {"example.com/a-b": "v"},
        "creationTimestamp": "2024-01-01T00:00:00Z",
    },
}
BINDINGS = {"object": OBJECT, "oldObject": None, "request": {}, "namespaceObject": None}

TRUE = r"""
object.spec.replicas <= 5
!has(object.spec.missing)
has(object.spec.x)
object.spec.x == null
oldObject == null
has(object.metadata.labels) && 'app' in object.metadata.labels
object.metadata.labels['app'] == 'web'
object.metadata.?labels[?'app'].orValue('none') == 'web'
object.spec.containers.all(c, c.image.startsWith('registry/'))
object.spec.containers.exists(c, c.name == 'a')
object.spec.containers.filter(c, c.name != 'a').size() == 1
object.spec.containers.map(c, c.name) == ['a', 'b']
object.spec.containers.exists_one(c, c.name == 'a')
object.spec.containers.all(c, has(c.limits) ? c.limits.cpu > 1 : true)
object.spec.f * 2.0 == 3.0
object.spec.replicas * 2 == 6
object.spec.replicas / 2 == 1
object.spec.replicas % 2 == 1
-object.spec.replicas == -3
object.spec.replicas == 3.0
object.spec.replicas >= 2.5
5.5 > 5
double(object.spec.replicas) >= 1 && 2u < 3 && 1 <= 1.0
size(object.spec.s) < 5.5
object.spec.replicas in [1, 2, 3]
object.spec.s.matches('^[a-z]+$')
object.spec.s.size() == 5
size(object.spec.containers) == 2
object.spec.s.contains('ell')
object.spec.s.endsWith('lo')
object.spec.s + '!' == 'hello!'
object.spec.nums.sum() == 6
object.spec.nums.max() == 3
object.spec.nums.indexOf(2) == 1
[].isSorted()
['a', 'b'].isSorted()
![3, 1, 2].isSorted()
sets.contains([1, 2, 3], [2])
!sets.contains([1], [2])
sets.intersects([1, 2], [2, 3])
sets.equivalent([1, 2], [2, 1, 1])
[1, 2, 3].all(i, v, v > i)
{'a': 1}.exists(k, v, k == 'a' && v == 1)
[1, 2].existsOne(i, v, v == 2)
optional.of(1).hasValue()
!optional.none().hasValue()
timestamp(object.metadata.creationTimestamp) < timestamp('2030-01-01T00:00:00Z')
timestamp('2024-01-01T00:00:00Z') + duration('36h') == timestamp('2024-01-02T12:00:00Z')
duration('1h') > duration('59m')
type(1) == int
type('a') == string
dyn(1) == dyn(1.0)
b'abc' == bytes('abc')
true && false || true
'a' < 'b'
[1, 2] == [1, 2]
'a' in ['a']
'k' in {'k': 1}
!(false && object.nope == 1)
object.nope == 1 || true
[1, 2].exists(x, x / 0 == 1 || x == 2)
""".strip().splitlines()

VALUES = [
    ("object.spec.s.split('l')", ["he", "", "o"]),
    ("''.split('')", []),
    ("''.split(',')", [""]),
    ("object.spec.s.split('', 2)", ["h", "ello"]),
    ("'a' + object.spec.containers.map(c, c.name).max()", "ab"),
    ("object.spec.s.replace('l', 'L')", "heLLo"),
    ("object.spec.s.replace('l', 'L', 1)", "heLlo"),
    ("object.spec.s.substring(1, 3)", "el"),
    ("object.spec.s.substring(3, 5)", "lo"),
    ("object.spec.s.substring(5, 5)", ""),
    ("'äöü'.substring(0, 3)", "äöü"),
    ("object.spec.s.indexOf('l')", 2),
    ("object.spec.s.lastIndexOf('l')", 3),
    ("object.spec.s.upperAscii()", "HELLO"),
    ("'ABC'.lowerAscii()", "abc"),
    ("'  x '.trim()", "x"),
    ("['a', 'b'].join('-')", "a-b"),
    ("object.spec.s.charAt(0)", "h"),
    ("'%s-%d-%.2f'.format(['a', 1, 1.5])", "a-1-1.50"),
    ("'%x %X %o %b'.format([255, 255, 8, 5])", "ff FF 10 101"),
    ("strings.quote('a\"b')", '"a\\"b"'),
    ("'a1b22'.find('[0-9]+')", "1"),
    ("'abc'.find('[0-9]+')", ""),
    ("'añb'.find('ñ')", "ñ"),
    ("'a1b22'.findAll('[0-9]+')", ["1", "22"]),
    ("'a1b22'.findAll('[0-9]+', 1)", ["1"]),
    ("'a1b22'.findAll('[0-9]+', 0)", []),
    ("'foobar'.find('(?P<x>o+)b')", "oob"),
    ("'foobar'.find('(o)(b)')", "ob"),
    ("'foobar'.findAll('(o)(.)')", ["oo"]),
    ("'(a)'.find('[(]a')", "(a"),
    ("'(a)'.find('\\\\(a')", "(a"),
    ("'añb'.findAll('.')", ["a", "ñ", "b"]),
    ("object.spec.s.findAll('l', 1)", ["l"]),
    ("[[3, 1].min(), [1, 2].indexOf([2, 1].max())].sum()", 2),
    ("object.spec.nums.map(n, [n, 1].sum()).max()", 4),
    ("object.spec.mixed.min()", 1),
    ("[duration('1m'), duration('1s')].sum() == duration('61s')", True),
    ("[uint(1), uint(2)].sum()", 3),
    ("[1, 2, 3].sum()", 6),
    ("[1.5, 2.5].sum()", 4.0),
    ("[].sum()", 0),
    ("[1, 2].min()", 1),
    ("['b', 'a'].min()", "a"),
    ("[true, false].max()", True),
    ("[1, 2, 2].indexOf(2)", 1),
    ("['a', 'b', 'b'].lastIndexOf('b')", 2),
    ("['a'].indexOf('z')", -1),
    ("[1, 2, 3].slice(1, 3)", [2, 3]),
    ("[[1], [2, 3]].flatten()", [1, 2, 3]),
    ("[1, 1, 2].distinct()", [1, 2]),
    ("[3, 1, 2].sort()", [1, 2, 3]),
    ("[{'n': 2}, {'n': 1}].sortBy(e, e.n)", [{"n": 1}, {"n": 2}]),
    ("[1, 2, 3].reverse()", [3, 2, 1]),
    ("lists.range(4)", [0, 1, 2, 3]),
    ("[1, 2].transformList(i, v, i + v)", [1, 3]),
    ("optional.of(1).or(optional.of(2)).value()", 1),
    ("optional.ofNonZeroValue('').orValue('d')", "d"),
    ("object.?spec.?s.optMap(v, v + 'x').orValue('')", "hellox"),
    ("object.?nope.optMap(v, v + 'x').orValue('')", ""),
    ("object.?spec.optFlatMap(v, v.?s).orValue('')", "hello"),
    ("object.spec.containers[?7].orValue('none')", "none"),
    ("[?optional.of(1), ?optional.none(), 2]", [1, 2]),
    ("{?'a': optional.of(1), 'b': 2}", {"a": 1, "b": 2}),
    ("[1, 2].first().orValue(0)", 1),
    ("[1, 2].last().orValue(0)", 2),
    ("timestamp('2024-01-31T10:20:30Z').getMonth()", 0),
    ("timestamp('2024-01-31T10:20:30Z').getDayOfMonth()", 30),
    ("timestamp('2024-01-31T10:20:30Z').getHours('+02:00')", 12),
    ("duration('90m').getHours()", 1),
    ("int('7') + int(1.9)", 8),
    ("string(1.5)", "1.5"),
    ("string(duration('90s'))", "90s"),
    ("string(timestamp('2024-01-01T00:00:00Z'))", "2024-01-01T00:00:00Z"),
    ("bool('true')", True),
    ("'\\u00e9'.size()", 1),
    ("r'\\d'", "\\d"),
    ("object.metadata.annotations['example.com/a-b']", "v"),
    ("1 + 2 * 3 - 4 / 2", 5),
    ("9223372036854775807", 2**63 - 1),
    ("-9223372036854775808", -(2**63)),
    ("0x1F", 31),
    ("uint(3)", 3),
    ("b'a\\x00b'", b"a\x00b"),
    ("null", None),
]

FAILURES = [
    ("object.spec.nope", "no such key: nope"),
    ("object.spec.nope.foo", "no such key: nope"),
    ("[1].filter(n, n > 1).indexOf(object.nope)", "no such key: nope"),
    (
        "object.spec.s.substring(0, 6)",
        "<string>.substring(<start>, <end>): <start> or <end> is greater than <string>.size()",
    ),
    ("object.spec.s.substring(-1, 5)", "<string>.substring(<start>): <start> is less than 0"),
    ("object.spec.containers[5]", "index out of bounds: 5"),
    ("object.spec.replicas / 0 == 1", "division by zero"),
    ("object.spec.replicas % 0 == 1", "modulus by zero"),
    ("object.spec.replicas + 9223372036854775807 > 0", "integer overflow"),
    ("object.spec.s + 1", "no such overload: _+_(string, int64)"),
    ("object.spec.s && true", "no such overload: _&&_"),
    ("object.spec.nums.filter(n, n > 9).min()", "min called on empty list"),
    ("object.spec.mixed.sum()", "no such overload: _+_(double, int64)"),
    ("object.spec.containers.sum()", "no such overload: _-_(map, map)"),
    ("object.spec.containers.map(c, c.name).sum()", "no such overload: _-_(string, string)"),
    ("optional.none().value()", "optional.none() dereference"),
]


@pytest.fixture(scope="module")
def policies() -> environment.Environment:
    return environment.policy()


@pytest.mark.parametrize("expression", TRUE)
def test_expressions_that_hold(policies, expression):
    """An expression that is true in Kubernetes is true here, and has the static type bool."""
    assert policies.compile(expression, returns=Returns.BOOL).evaluate(BINDINGS) is True


@pytest.mark.parametrize(("expression", "value"), VALUES, ids=[expression for expression, _ in VALUES])
def test_values(policies, expression, value):
    """An expression has the value, of the same Python type, that it has in Kubernetes."""
    found = policies.compile(expression, returns=Returns.ANY).evaluate(BINDINGS)
    assert (value, type(value)) == (found, type(found))


@pytest.mark.parametrize(("expression", "message"), FAILURES, ids=[expression for expression, _ in FAILURES])
def test_errors_of_evaluation(policies, expression, message):
    """An expression without an answer says why, in the words of cel-go where it has some."""
    program = policies.compile(expression, returns=Returns.ANY)
    with pytest.raises(errors.EvaluationError) as caught:
        program.evaluate(BINDINGS)
    assert message == caught.value.message


def test_doubles_that_are_not_numbers_travel(policies):
    """Infinity and NaN come out as Python floats."""
    assert policies.compile("1.0 / 0.0", returns=Returns.ANY).evaluate(BINDINGS) == math.inf
    assert math.isnan(policies.compile("0.0 / 0.0", returns=Returns.ANY).evaluate(BINDINGS))

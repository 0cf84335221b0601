"""Compiling: what is refused, how it is said, what is remembered."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from krate_cel import engine, environment, errors, gaps
from krate_cel.environment import Returns, Type


@pytest.fixture(scope="module")
def policies() -> environment.Environment:
    return environment.policy()


def failure(where: environment.Environment, expression: str, returns: Returns = Returns.BOOL) -> errors.CompileError:
    with pytest.raises(errors.CompileError) as caught:
        where.compile(expression, returns=returns)
    return caught.value


REFUSED = [
    ("1 +", "Syntax error: mismatched input '<EOF>'", 1, 4),
    ("object.a == 1 &&\n nope == 2", "undeclared reference to 'nope' (in container '')", 2, 2),
    ("1 + 'a' == 2", "found no matching overload for '_+_' applied to '(int, string)'", 1, 3),
    ("'a'.foo()", "undeclared reference to 'foo' (in container '')", 1, 8),
    ("'abc'.reverse() == 'cba'", "found no matching overload for 'reverse' applied to '(string)'", 1, 14),
    ("request.nope == 1", "undefined field 'nope'", 0, 0),
    ("has(request.object)", "undefined field 'object'", 0, 0),
    ("namespaceObject.labels.a == 'b'", "undefined field 'labels'", 0, 0),
    ("params.x == 1", "undeclared reference to 'params.x' (in container '')", 1, 7),
    ("object.a", "must evaluate to bool but got dyn", 0, 0),
    ("'a'", "must evaluate to bool but got string", 0, 0),
    ("object.a.matches('(')", "invalid matches argument: error parsing regexp: missing ): (", 0, 0),
    ("object.a.find('[') == ''", "invalid find argument: error parsing regexp: missing ]: [", 0, 0),
    ("[1, 2].all(__x, true)", "names that start with __ are reserved", 0, 0),
    ("", "Syntax error: mismatched input '<EOF>'", 1, 1),
    ("true" + " " * engine.MAX_EXPRESSION, "longer than 16384 characters", 0, 0),
]


@pytest.mark.parametrize(("expression", "message", "line", "column"), REFUSED, ids=[row[0][:40] for row in REFUSED])
def test_refused_expressions(policies, expression, message, line, column):
    """What is no expression of the environment fails to compile, with the problem and its place."""
    found = failure(policies, expression)
    assert found.message.startswith(message)
    assert (line, column) == (found.line, found.column)
    assert not isinstance(found, errors.Unsupported)


UNSUPPORTED = [
    ("quantity('1Gi').isGreaterThan(quantity('1Mi'))", "quantity()"),
    ("isQuantity(object.a)", "isQuantity()"),
    ("url(object.a).getHost() == 'x'", "url()"),
    ("isURL(object.a)", "isURL()"),
    ("ip(object.a).family() == 4", "ip()"),
    ("isIP(object.a)", "isIP()"),
    ("ip.isCanonical('1.2.3.4')", "ip()"),
    ("cidr('10.0.0.0/8').containsIP(object.a)", "cidr()"),
    ("isCIDR(object.a)", "isCIDR()"),
    ("!format.dns1123Label().validate(object.a).hasValue()", "format"),
    ("semver('1.2.3').major() == 1", "semver()"),
    ("isSemver(object.a)", "isSemver()"),
    ("authorizer.group('').resource('pods').check('get').allowed()", "authorizer"),
    ("authorizer.requestResource.check('x').allowed()", "authorizer"),
    ("[optional.of(1)].unwrapOpt() == [1]", "unwrapOpt()"),
    ("optional.unwrap([optional.of(1)]) == [1]", "optional.unwrap()"),
    ("object.a.transformMap(k, v, v) == {}", "transformMap()"),
    ("object.a.transformMapEntry(k, v, {v: k}) == {}", "transformMapEntry()"),
    ("object.a.find(object.b) == ''", "find() with a pattern that is not a literal"),
    ("object.a.findAll(object.b) == []", "findAll() with a pattern that is not a literal"),
    ("object.a.findAll('[0-9]*') == []", "findAll() with a pattern that matches the empty text"),
    ("lists.range(size(object.a)).size() > 0", "lists.range() of anything but a number up to 10000"),
    ("lists.range(10001).size() > 0", "lists.range() of anything but a number up to 10000"),
    ("resource.Get('v1', 'configmaps', 'a', 'b').data.x == 'y'", "resource"),
    ("http.Get('http://127.0.0.1').x == 1", "http"),
    ("globalContext.Get('a', 'b') == 1", "globalContext"),
    ("parseServiceAccount(request.userInfo.username).Name == 'a'", "parseServiceAccount()"),
    ("user.parseServiceAccount(request.userInfo.username).Name == 'a'", "user.parseServiceAccount()"),
    ("image('a/b').registry() == 'a'", "image()"),
    ("md5(object.a) == ''", "md5()"),
    ("sha256(object.a) == ''", "sha256()"),
    ("hash.sha256(object.a) == ''", "hash"),
    ("json.unmarshal(object.a).b == 1", "json"),
    ("yaml.parse(object.a).b == 1", "yaml"),
    ("time.now() > timestamp(object.a)", "time"),
    ("random() == ''", "random()"),
    ("x509.decode(object.a).x == 1", "x509"),
    ("exceptions.allowedValues.exists(v, v == 'a')", "exceptions"),
]


@pytest.mark.parametrize(("expression", "function"), UNSUPPORTED, ids=[row[0] for row in UNSUPPORTED])
def test_unsupported_functions(policies, expression, function):
    """A function of Kubernetes or Kyverno that the engine lacks fails to compile and is named; it is never skipped."""
    found = failure(policies, expression)
    assert isinstance(found, errors.Unsupported)
    assert (function, f"{function} is not supported by the built-in policy engine") == (found.function, found.message)


def test_every_gap_is_tried():
    """The table above tries each name of the list of gaps, or one of its family."""
    tried = " ".join(expression for expression, _ in UNSUPPORTED)
    family = {"images", "imageData", "parseImageReference", "sha1", "gzip", "transform", "listObjToMap", "generator",
              "jsonpatch", "cel.@mapInsert", "unwrap", "user"}  # fmt: skip
    assert [name for name in gaps.UNSUPPORTED if name not in family and name not in tried] == []


def test_the_report_marks_the_place(policies):
    """`detail` shows the source and a mark under the problem, as cel-go prints it."""
    assert failure(policies, "quantity('1') == 1").detail == (
        "ERROR: <input>:1:9: quantity() is not supported by the built-in policy engine\n"
        " | quantity('1') == 1\n"
        " | ........^"
    )
    assert failure(policies, "nope == 1").detail == (
        "ERROR: <input>:1:1: undeclared reference to 'nope' (in container '')\n | nope == 1\n | ^"
    )


@pytest.mark.parametrize(
    ("expression", "returns", "accepted"),
    [
        ("true", Returns.BOOL, True),
        ("object.a == 1", Returns.BOOL, True),
        ("'a' + 'b'", Returns.STRING, True),
        ("object.a", Returns.STRING, False),
        ("string(object.a)", Returns.STRING, True),
        ("null", Returns.STRING_OR_NULL, True),
        ("'a'", Returns.STRING_OR_NULL, True),
        ("object.a", Returns.STRING_OR_NULL, False),
        ("object.a", Returns.ANY, True),
    ],
)
def test_the_static_type_must_be_exact(policies, expression, returns, accepted):
    """As in Kubernetes, a dynamic value is not taken for a bool or a string."""
    if accepted:
        policies.compile(expression, returns=returns)
    else:
        assert f"must evaluate to {returns} but got dyn" == failure(policies, expression, returns).message


def test_environments_are_shared():
    """Who asks for the environment of policies twice gets the same one, and with it what has been compiled."""
    assert environment.policy() is environment.policy()
    assert environment.policy(params=True) is not environment.policy()
    assert environment.receive() is environment.receive()


def test_params_and_kyverno_environments():
    """`params` is there where it is asked for, and `request.object` in Kyverno's environment only."""
    bindings = {"object": {}, "oldObject": None, "request": {"object": {"a": 1}}, "namespaceObject": None, "params": 5}
    with_params = environment.policy(params=True)
    assert with_params.compile("params == 5", returns=Returns.BOOL).evaluate(bindings) is True
    of_kyverno = environment.kyverno().compile("request.object.a == 1", returns=Returns.BOOL)
    assert of_kyverno.evaluate(bindings) is True
    assert of_kyverno.selected >= {"request.object"}


def test_the_receive_path():
    """Rules of RefPolicy see the push: texts are texts, commits and files are lists."""
    receive = environment.receive()
    push = {
        "ref": "refs/heads/main",
        "operation": "Update",
        "via": "push",
        "pusher": "alice",
        "commits": [{"title": "feat: x", "message": "feat: x\n\nRefs #1", "author": {"email": "a@acme.example"}}],
        "files": [{"path": "docs/a.md", "change": "Added", "size": 3}],
    }
    held = [
        "commits.all(c, c.title.matches('^(feat|fix|docs): .+'))",
        "ref.startsWith('refs/heads/') && operation != 'Delete' && via == 'push'",
        "files.all(f, f.path.startsWith('docs/')) || pusher in ['root', 'release-bot']",
        "commits.all(c, c.author.email.endsWith('@acme.example'))",
        "ref.find('main$') == 'main'",
    ]
    assert [receive.compile(each, returns=Returns.BOOL).evaluate(push) for each in held] == [True] * len(held)
    assert "operand of a select operation" in failure(receive, "pusher.name == 'a'").message
    assert "applied to '(string, int)'" in failure(receive, "ref + 1 == ''").message


def test_a_missing_binding_is_an_error(policies):
    """A variable without a value is said to have none."""
    with pytest.raises(errors.EvaluationError, match="no value for oldObject"):
        policies.compile("oldObject == null", returns=Returns.BOOL).evaluate({"object": {}})


def test_programs_and_failures_are_remembered_within_bounds():
    """Compiling twice gives the same program; the least recently used one is forgotten first; failures are kept too."""
    small = environment.Environment({"a": Type.DYN}, cache=2)
    first = small.compile("a == 1", returns=Returns.BOOL)
    second = small.compile("a == 2", returns=Returns.BOOL)
    assert small.compile("a == 1", returns=Returns.BOOL) is first
    small.compile("a == 3", returns=Returns.BOOL)
    assert small.compile("a == 1", returns=Returns.BOOL) is first
    assert small.compile("a == 2", returns=Returns.BOOL) is not second
    one, other = failure(small, "nope"), failure(small, "nope")
    assert one is not other
    assert one.__dict__ == other.__dict__


def test_the_same_text_for_another_type_is_another_program(policies):
    """The cache knows what was asked for."""
    assert policies.compile("'a'", returns=Returns.STRING).evaluate({}) == "a"
    assert "must evaluate to bool" in failure(policies, "'a'").message


def test_threads_share_environments_and_programs(policies):
    """Eight threads compile and evaluate the same and different expressions; every answer is right."""
    shared = policies.compile(
        "object.n % 2 == 0 && 'a1'.find('[0-9]') == '1' && object.xs.exists(x, x == object.n)", returns=Returns.BOOL
    )
    gate = threading.Barrier(8)

    def work(thread: int) -> list[tuple[int, bool, bool]]:
        gate.wait()
        found = []
        for n in range(150):
            bindings = {"object": {"n": n, "xs": [1, n]}, "oldObject": None, "request": {}, "namespaceObject": None}
            own = policies.compile(f"object.n == {n % 40} && {thread} >= 0", returns=Returns.BOOL)
            found.append((n, shared.evaluate(bindings), own.evaluate(bindings)))
        return found

    with ThreadPoolExecutor(8) as pool:
        answers = [answer for answers in pool.map(work, range(8)) for answer in answers]
    assert [each for each in answers if each[1:] != (each[0] % 2 == 0, each[0] < 40)] == []


def test_a_scope_serves_several_programs(policies):
    """Values bound once answer any number of expressions of their environment."""
    scope = policies.scope({"object": {"a": 1}, "oldObject": None, "request": {}, "namespaceObject": None})
    programs = [policies.compile(f"object.a == {n}", returns=Returns.BOOL) for n in range(3)]
    assert [program.evaluate(scope) for program in programs] == [False, True, False]

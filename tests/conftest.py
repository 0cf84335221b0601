"""A failed test says where its evidence is kept: see `evidence`."""

from collections.abc import Generator

import pytest

import evidence


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        sections = "".join(f"\n--- {title}\n{content}" for title, content in report.sections)
        text = f"{report.nodeid}: {report.when}\n{report.longreprtext}\n{sections}"
        within = item.config._tmp_path_factory.getbasetemp()
        values = getattr(item, "funcargs", {})
        home = evidence.keep(item.config.rootpath, item.nodeid, text, values, within)
        report.sections.append(("evidence", f"kept in {home.relative_to(item.config.rootpath)}"))
    return report

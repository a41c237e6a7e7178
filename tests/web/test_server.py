"""The small server: what it sends, what it refuses."""

import http.client
import threading

import pytest
from typer.testing import CliRunner

from pocketmatte.cli import app
from pocketmatte.errors import PocketmatteError
from pocketmatte.web.server import PAGE, TYPES, PageServer


@pytest.fixture
def ask(server):
    """Send one raw request; gives the response with its body read."""
    host, port = server.server_address

    def ask(path, method="GET", **headers):
        connection = http.client.HTTPConnection(host, port, timeout=10)
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        response.body = response.read()
        connection.close()
        return response

    return ask


class TestFiles:
    def test_the_page(self, ask):
        response = ask("/")
        assert response.status == 200
        assert response.getheader("Content-Type").startswith("text/html")
        assert response.body == (PAGE / "index.html").read_bytes()

    @pytest.mark.parametrize(
        "path", [path for path in PAGE.rglob("*") if path.is_file()], ids=lambda path: path.name
    )
    def test_every_file_has_its_type(self, ask, path):
        response = ask("/" + path.relative_to(PAGE).as_posix(), "HEAD")
        assert response.status == 200
        assert response.getheader("Content-Type") == TYPES[path.suffix]
        assert int(response.getheader("Content-Length")) == path.stat().st_size
        assert response.body == b""

    def test_a_query_does_not_matter(self, ask):
        assert ask("/?engine=plain").status == 200

    def test_unchanged_files_are_not_sent_again(self, ask):
        tag = ask("/models.json").getheader("ETag")
        again = ask("/models.json", **{"If-None-Match": tag})
        assert (again.status, again.body) == (304, b"")

    @pytest.mark.parametrize(
        "path",
        [
            "/server.py",
            "/../server.py",
            "/%2e%2e/server.py",
            "/assets",
            "/assets/",
            "/models/../../server.py",
            "//etc/passwd",
            "/index.html/",
        ],
    )
    def test_nothing_else_is_there(self, ask, path):
        response = ask(path)
        assert response.status == 404
        assert response.body == b"not found\n"

    def test_only_reading(self, ask):
        assert ask("/", "POST").status == 501


class TestHeaders:
    def test_threads_are_possible(self, ask):
        response = ask("/assets/nothing.js")
        assert response.getheader("Cross-Origin-Opener-Policy") == "same-origin"
        assert response.getheader("Cross-Origin-Embedder-Policy") == "require-corp"

    def test_nothing_from_elsewhere_and_nothing_to_elsewhere(self, ask):
        policy = ask("/").getheader("Content-Security-Policy")
        assert policy.startswith("default-src 'none'")
        assert "connect-src 'self'" in policy
        assert "unsafe" not in policy.replace("'wasm-unsafe-eval'", "")
        assert "http" not in policy

    def test_the_page_carries_the_policy_for_other_hosts(self, ask):
        header = ask("/").getheader("Content-Security-Policy")
        # browsers ignore frame-ancestors in a page
        assert header.removesuffix("; frame-ancestors 'none'") in ask("/").body.decode()

    def test_no_address_elsewhere_in_the_page(self, ask):
        text = ask("/").body.decode()
        assert "http://" not in text and "https://" not in text


class TestStart:
    def test_a_taken_port(self, server):
        _, port = server.server_address
        with pytest.raises(PocketmatteError, match=f"port {port} is taken; .* --port {port + 1}"):
            PageServer(port=port)

    def test_an_address_of_another_machine(self):
        with pytest.raises(PocketmatteError, match="check --host"):
            PageServer(host="192.0.2.1", port=0)

    def test_a_page_that_was_not_built(self, tmp_path):
        with pytest.raises(PocketmatteError, match="npm run build"):
            PageServer(port=0, folder=tmp_path)

    def test_only_this_machine_unless_asked(self, server):
        assert server.local
        with PageServer(host="0.0.0.0", port=0) as public:
            assert not public.local


class TestCommand:
    def test_says_the_address_and_opens_it(self, monkeypatch):
        opened = []
        monkeypatch.setattr("webbrowser.open", opened.append)
        monkeypatch.setattr(PageServer, "serve_forever", lambda self: None)
        result = CliRunner().invoke(app, ["web", "--port", "0", "--open"])
        assert result.exit_code == 0
        assert opened[0].startswith("http://127.0.0.1:")
        assert opened[0] in result.output

    def test_ctrl_c_ends_it(self, monkeypatch):
        def interrupted(self):
            raise KeyboardInterrupt

        monkeypatch.setattr(PageServer, "serve_forever", interrupted)
        assert CliRunner().invoke(app, ["web", "--port", "0"]).exit_code == 0

    def test_many_at_once(self, server):
        results = []

        def load():
            connection = http.client.HTTPConnection(*server.server_address, timeout=10)
            connection.request("GET", "/models.json")
            results.append(connection.getresponse().status)

        threads = [threading.Thread(target=load) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [200] * 20

import threading
import time

import pytest

from pocketmatte.media.side_by_side import Behind, ahead


class TestAhead:
    def test_gives_the_same_items(self):
        assert list(ahead(range(100), depth=2)) == list(range(100))

    def test_stays_only_so_far_ahead(self):
        made = []

        def source():
            for index in range(50):
                made.append(index)
                yield index

        items = ahead(source(), depth=3)
        next(items)
        time.sleep(0.1)

        assert len(made) <= 6
        items.close()

    def test_an_error_comes_after_the_items_before_it(self):
        def source():
            yield 1
            yield 2
            raise ZeroDivisionError

        seen = []
        with pytest.raises(ZeroDivisionError):
            for item in ahead(source()):
                seen.append(item)

        assert seen == [1, 2]

    def test_closing_ends_the_thread(self):
        before = threading.active_count()
        items = ahead(iter(int, 1))
        next(items)
        assert threading.active_count() == before + 1

        items.close()

        assert threading.active_count() == before


class TestBehind:
    def test_calls_in_order_and_finishes(self):
        seen = []
        with Behind(lambda a, b: (time.sleep(0.001), seen.append((a, b)))) as call:
            for index in range(20):
                call(index, -index)

        assert seen == [(index, -index) for index in range(20)]

    def test_ctrl_c_finishes_what_was_asked(self):
        seen = []
        with pytest.raises(KeyboardInterrupt), Behind(seen.append) as call:
            call(1)
            call(2)
            raise KeyboardInterrupt

        assert seen == [1, 2]

    def test_another_error_drops_what_waits(self):
        gate, seen = threading.Event(), []

        def slow(item):
            gate.wait(2)
            seen.append(item)

        with pytest.raises(ZeroDivisionError), Behind(slow) as call:
            call(1)
            call(2)
            threading.Timer(0.05, gate.set).start()
            raise ZeroDivisionError

        assert seen in ([], [1])

    def test_an_error_of_the_function_comes_out(self):
        def fail(item):
            raise ValueError(item)

        with pytest.raises(ValueError, match="7"), Behind(fail) as call:
            for _ in range(50):
                call(7)

    def test_an_error_of_the_last_call_comes_out(self):
        def fail(item):
            raise ValueError(item)

        with pytest.raises(ValueError, match="7"), Behind(fail) as call:
            call(7)

"""The links between the nations: a TCP proxy for each pair and direction of dialling, that can stall, cut and delay."""
import asyncio
import socket
import struct
import threading

CHUNK = 65_536


class Link:
    """One way of dialling: `dialler` reaches the node of `listener` by it."""

    def __init__(self, dialler, listener, target):
        self.dialler, self.listener, self.target = dialler, listener, target
        self.port = 0
        #: Octets toward the listener, and toward the dialler, are held back.
        self.stalled = {"forth": False, "back": False}
        #: New connections are reset, and there are none.
        self.is_cut = False
        #: Seconds that octets take each way.
        self.delay = 0.0
        self.octets = {"forth": 0, "back": 0}
        self.accepted = 0
        self.connections = set()
        #: Called with (direction, octets) for all that passes; nil: nobody looks.
        self.tap = None
        self.changed = None


class Links(threading.Thread):
    """All links, on one event loop in a thread of its own."""

    def __init__(self):
        super().__init__(daemon=True, name="links")
        self.links = {}
        self.loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self.start()
        self._ready.wait()

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(self._ready.set)
        self.loop.run_forever()

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def add(self, dialler, listener, target):
        """Opens a link; its port is what the dialler is told."""
        link = Link(dialler, listener, target)
        self.links[dialler, listener] = link
        self._do(self._open(link))
        return link.port

    async def _open(self, link):
        link.changed = asyncio.Condition()
        server = await asyncio.start_server(lambda r, w: self._serve(link, r, w), "127.0.0.1", 0)
        link.port = server.sockets[0].getsockname()[1]

    async def _serve(self, link, reader, writer):
        link.accepted += 1
        if link.is_cut:
            self._reset(writer)
            return
        try:
            onward = await asyncio.open_connection("127.0.0.1", link.target)
        except OSError:
            self._reset(writer)
            return
        pair = (writer, onward[1])
        link.connections.add(pair)
        try:
            await asyncio.gather(
                self._pump(link, "forth", reader, onward[1]), self._pump(link, "back", onward[0], writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            link.connections.discard(pair)
            for one in pair:
                self._reset(one)

    async def _pump(self, link, way, reader, writer):
        while octets := await reader.read(CHUNK):
            if link.delay:
                await asyncio.sleep(link.delay)
            async with link.changed:
                await link.changed.wait_for(lambda: not link.stalled[way])
            if link.tap:
                link.tap(way, octets)
            link.octets[way] += len(octets)
            writer.write(octets)
            await writer.drain()
        # One end has ended; so does the other.
        raise ConnectionResetError

    @staticmethod
    def _reset(writer):
        raw = writer.transport.get_extra_info("socket")
        try:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except (OSError, AttributeError):
            pass
        writer.transport.abort()

    # What the harness asks for.

    def between(self, a, b):
        return [self.links[pair] for pair in ((a, b), (b, a)) if pair in self.links]

    def set(self, links, forth=None, back=None, delay=None, cut=None):
        """Sets what links do, at once for those that stand."""
        self._do(self._set(links, forth, back, delay, cut))

    async def _set(self, links, forth, back, delay, cut):
        for link in links:
            async with link.changed:
                if forth is not None:
                    link.stalled["forth"] = forth
                if back is not None:
                    link.stalled["back"] = back
                if delay is not None:
                    link.delay = delay
                if cut is not None:
                    link.is_cut = cut
                    if cut:
                        for pair in list(link.connections):
                            for one in pair:
                                self._reset(one)
                link.changed.notify_all()

    def stall(self, sender, receiver, on=True):
        """Holds back what goes from one nation to another, whoever dialled; the other way passes."""
        if (sender, receiver) in self.links:
            self.set([self.links[sender, receiver]], forth=on)
        if (receiver, sender) in self.links:
            self.set([self.links[receiver, sender]], back=on)

    def reset(self, links):
        """Cuts what stands with RST; who dials again is let through."""
        self._do(self._set(links, None, None, None, True))
        self._do(self._set(links, None, None, None, False))

    def heal(self):
        self.set(list(self.links.values()), forth=False, back=False, delay=0.0, cut=False)

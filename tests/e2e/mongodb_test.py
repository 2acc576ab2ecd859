"""The kind mongodb: PostgreSQL with DocumentDB behind the gateway, with the npm driver in an app and with pymongo."""

import contextlib
import json
import os
import socket
import struct
import subprocess

import pymongo
import pytest

from harness import run, wait_until

PASSWORD = "0123456789abcdef0123456789abcdef"


@contextlib.contextmanager
def created(gasper, name):
    gasper.command("services:create", "mongodb", name, deadline=900).ok()
    try:
        yield name
    finally:
        gasper.command("services:destroy", name, "--confirm", name, deadline=300).ok()


class Server:
    """A container of the service's image, without Gasper around it."""

    def __init__(self, gasper, image):
        self.docker = ["docker", "-H", gasper.engine_address()]
        settings = ["SETTING_SESSIONS=4", "SETTING_SHARED_BUFFERS=16MB", "SETTING_WORK_MEM=4MB"]
        words = [*self.docker, "run", "-d", "--rm", "--init", "--read-only", "--cap-drop", "ALL", "--memory", "512m", "--tmpfs", "/tmp",
                 "--tmpfs", "/data:uid=1000,mode=0700", *(w for s in settings for w in ("-e", s)), image, "gasper-service", "start"]
        self.container = run(words).ok().output.strip()
        self.verb("ready", "120")
        [[*_, self.address]] = [[n["IPAddress"] for n in gasper.engine(f"containers/{self.container}/json")["NetworkSettings"]["Networks"].values()]]
        for user, rights in (("u_writer", "rw"), ("u_reader", "ro")):
            self.verb("grant", user, rights, input=f"{PASSWORD}\n".encode())

    def verb(self, *words, status=0, **options):
        done = subprocess.run([*self.docker, "exec", "-i", self.container, "gasper-service", *words], capture_output=True, timeout=300, check=False, **options)
        assert done.returncode == status, done.stderr
        return done.stdout

    def client(self, user="u_writer", password=PASSWORD):
        return pymongo.MongoClient(f"mongodb://{user}:{password}@{self.address}:27017/app?retryWrites=false", serverSelectionTimeoutMS=30000)

    def close(self):
        run([*self.docker, "rm", "-f", self.container])


@pytest.fixture(name="server", scope="module")
def _server(gasper):
    with created(gasper, "model"):  # makes the image where it is not there yet
        image = gasper.server("model")["ImageID"]
    server = Server(gasper, image)
    yield server
    server.close()


def test_an_app_with_the_npm_driver_reads_and_writes(gasper):
    app = gasper.app("mongodb")
    app.push().ok()
    with created(gasper, "papers"):
        gasper.command("services:attach", "papers", app.name).ok()
        assert app.get("/greeting/hello", method="PUT").body == "kept\n"
        assert app.get("/greeting").body == "hello\n"
        assert json.loads(app.get("/checks/cursor").body) == {"seen": 500, "sorted": True}
        assert json.loads(app.get("/checks/aggregate").body) == [{"_id": 0, "n": 100}, {"_id": 1, "n": 100}]
        assert json.loads(app.get("/checks/index").body) == {"again": 11000, "names": ["_id_", "word_1"], "count": 2}
        assert json.loads(app.get("/checks/modify").body) == {"upserted": 1, "after": 42}
        refused = json.loads(app.get("/checks/transaction").body)
        assert refused["refused"] and refused["code"] == 263 and "transactions are not supported" in refused["reason"] and refused["there"] == 0
        gasper.command("services:credentials", "papers", app.name, "--rotate").ok()
        assert app.get("/greeting").body == "hello\n"
        gasper.command("services:restart", "papers").ok()
        wait_until(lambda: app.get("/greeting").body == "hello\n", 60, "the driver's new connection")
        gasper.command("services:detach", "papers", app.name).ok()
    gasper.command("apps:destroy", app.name, "--confirm", app.name)


def test_pymongo_gets_what_it_asks_for(server):
    db = server.client().app
    assert len(db.things.insert_many([{"_id": i, "a": i % 7} for i in range(1000)]).inserted_ids) == 1000
    assert db.things.count_documents({"a": 3}) == 143 and sorted(db.things.distinct("a")) == list(range(7))
    assert [t["a"] for t in db.things.find().sort("a", -1).batch_size(99)] == sorted((i % 7 for i in range(1000)), reverse=True)
    assert db.things.update_many({"a": 3}, {"$set": {"b": 1}}).modified_count == 143
    assert db.things.create_index([("a", 1)]) == "a_1" and db.things.create_index([("b", -1)]) == "b_-1"
    assert {i["name"] for i in db.things.list_indexes()} == {"_id_", "a_1", "b_-1"}
    with pytest.raises(pymongo.errors.DuplicateKeyError):
        db.things.create_index("a", unique=True, name="never")
    with pytest.raises(pymongo.errors.DuplicateKeyError) as refused:
        db.things.insert_one({"_id": 1})
    assert refused.value.code == 11000
    assert db.things.delete_many({"a": 2}).deleted_count == 143
    db.large.insert_one({"_id": 1, "v": "x" * (15 << 20)})
    assert len(db.large.find_one()["v"]) == 15 << 20
    db.large.drop()
    assert db.list_collection_names() == ["things"] and "app" in db.client.list_database_names()
    with pytest.raises(pymongo.errors.OperationFailure) as refused:
        list(db.things.watch())
    assert refused.value.code == 115


def test_a_reader_reads_what_others_write_and_writes_nothing(server):
    written = server.client().app.seen
    written.insert_one({"_id": 1})
    db = server.client("u_reader").app
    assert db.seen.find_one() == {"_id": 1} and db.seen.count_documents({}) == 1
    for attempt in (lambda: db.seen.insert_one({}), db.seen.drop, lambda: list(db.seen.aggregate([{"$out": "copy"}])),
                    lambda: list(db.seen.aggregate([{"$merge": "seen"}])), lambda: db.seen.create_index("a")):
        with pytest.raises(pymongo.errors.OperationFailure) as refused:
            attempt()
        assert refused.value.code == 13
    assert written.count_documents({}) == 1


def test_who_is_not_logged_in_gets_nothing(server):
    with pytest.raises(pymongo.errors.OperationFailure) as refused:
        server.client(password="wrong").app.things.find_one()
    assert refused.value.code == 18
    with pytest.raises(pymongo.errors.OperationFailure):
        server.client("postgres", "guessed").app.things.find_one()
    with pytest.raises(pymongo.errors.OperationFailure) as refused:
        pymongo.MongoClient(server.address, 27017).app.things.find_one()
    assert refused.value.code == 13


def test_a_dump_brings_everything_back_and_a_damaged_one_changes_nothing(server):
    db = server.client().archive
    db.letters.insert_many([{"_id": i} for i in range(100)])
    dump = server.verb("dump")
    server.verb("check-dump", input=dump[:65536])
    server.verb("check-dump", input=b"junk", status=2)
    db.letters.insert_one({"_id": "later"})
    damaged = bytearray(dump)
    damaged[10_000_000] ^= 1
    server.verb("restore", input=bytes(damaged), status=2)
    server.verb("restore", input=dump[:3_000_000], status=2)
    assert db.letters.count_documents({}) == 101
    server.verb("restore", input=dump)
    assert server.client().archive.letters.count_documents({}) == 100
    assert server.client("u_reader").archive.letters.count_documents({}) == 100
    assert PASSWORD.encode() not in server.verb("slow") and json.loads(server.verb("stats"))["size_bytes"] > 0


def test_contents_are_documents_but_for_those_that_end_by_themselves(server):
    db = server.client().numbered
    db.plain.insert_many([{"_id": i} for i in range(25)])
    db["two words"].insert_one({"_id": 1})
    db.sessions.insert_one({"_id": 1})
    db.sessions.create_index("at", expireAfterSeconds=3600)

    def counted():
        lines = (line.split(" ", 1) for line in server.verb("contents").decode().splitlines())
        return {name: int(number) for number, name in lines if name.startswith("numbered.") and ".system." not in name}
    assert counted() == {"numbered.plain": 25, "numbered.two words": 1}
    dump = server.verb("dump")
    db.plain.delete_many({"_id": {"$lt": 5}})
    assert counted()["numbered.plain"] == 20
    server.verb("restore", input=dump)
    assert counted()["numbered.plain"] == 25


def test_a_backup_is_verified_by_its_documents(gasper):
    app = gasper.app("mongodb")
    app.push().ok()
    with created(gasper, "proved"):
        gasper.command("services:attach", "proved", app.name).ok()
        assert app.get("/greeting/hello", method="PUT").status == 200
        done = json.loads(gasper.command("services:backup", "proved", "--json", deadline=300).ok().output)
        assert "tables, as they are" in gasper.command("jobs:log", str(done["job"])).ok().output
        gasper.command("services:detach", "proved", app.name).ok()
    gasper.command("apps:destroy", app.name, "--confirm", app.name)


def little(number):
    return struct.pack("<I", number)


def document(*elements):
    content = b"".join(elements)
    return little(len(content) + 5) + content + b"\0"


def message(body, opcode=2013, length=None):
    content = little(0) + b"\0" + body
    return little(16 + len(content) if length is None else length) + little(7) + little(0) + little(opcode) + content


PING = document(b"\x10ping\0" + little(1), b"\x02$db\0" + little(6) + b"admin\0")


def answer(server, request):
    """What comes until the server closes; None: it reset the connection."""
    with socket.create_connection((server.address, 27017), timeout=60) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except OSError:
            return None


def test_hostile_clients_are_refused_and_disturb_nobody(server):
    nested = document()
    for _ in range(300):
        nested = document(b"\x03a\0" + nested)
    for request in (message(PING, length=0x7FFFFFFF), message(PING, length=0), message(PING, length=48_000_000), message(PING, opcode=2012),
                    message(PING, opcode=2002), message(nested), message(document(b"\x03a\0\xff\xff\xff\x7f")), message(PING)[:20],
                    b"GET / HTTP/1.1\r\n\r\n", os.urandom(4096)):
        assert b"\x01ok\0\0\0\0\0\0\0\xf0\x3f" not in (answer(server, request) or b"")
    with contextlib.ExitStack() as idle:
        for _ in range(200):
            idle.enter_context(socket.create_connection((server.address, 27017), timeout=60)).sendall(b"\x10")
        assert b"\x01ok\0\0\0\0\0\0\0\xf0\x3f" in answer(server, message(PING))
    assert server.client().app.command("ping")["ok"] == 1.0

"""Keeps values in an attached database, by the client libraries that the stack has.

PUT /KEY/VALUE writes, GET /KEY reads; ?url=BLUE_URL says which database, else DATABASE_URL. A refusal of the database is
a 503 with its reason. GET / does not touch a database.
"""
import ctypes
import os
import signal
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Refused(Exception):
    pass


class Postgres:
    def __init__(self, url):
        self.pq = pq = ctypes.CDLL("libpq.so.5")
        for name in ("PQconnectdb", "PQexecParams", "PQexec"):
            getattr(pq, name).restype = ctypes.c_void_p
        for name in ("PQerrorMessage", "PQgetvalue"):
            getattr(pq, name).restype = ctypes.c_char_p
        self.connection = ctypes.c_void_p(pq.PQconnectdb(url.encode() + b"?connect_timeout=5"))
        if pq.PQstatus(self.connection) != 0:
            reason = pq.PQerrorMessage(self.connection).decode()
            self.close()
            raise Refused(reason)

    def run(self, statement, *values):
        array = (ctypes.c_char_p * len(values))(*[v.encode() for v in values])
        answer = ctypes.c_void_p(self.pq.PQexecParams(self.connection, statement.encode(), len(values), None, array, None, None, 0))
        try:
            if self.pq.PQresultStatus(answer) not in (1, 2):  # a command that worked, or rows
                raise Refused(self.pq.PQerrorMessage(self.connection).decode())
            rows = self.pq.PQntuples(answer)
            return self.pq.PQgetvalue(answer, 0, 0).decode() if rows else None
        finally:
            self.pq.PQclear(answer)

    def put(self, key, value):
        self.run("CREATE TABLE IF NOT EXISTS kept (k text PRIMARY KEY, v text NOT NULL)")
        self.run("INSERT INTO kept VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET v = EXCLUDED.v", key, value)

    def get(self, key):
        return self.run("SELECT v FROM kept WHERE k = $1", key)

    def close(self):
        self.pq.PQfinish(self.connection)


class Maria:
    def __init__(self, url):
        self.my = my = ctypes.CDLL("libmariadb.so.3")
        for name in ("mysql_init", "mysql_real_connect", "mysql_store_result"):
            getattr(my, name).restype = ctypes.c_void_p
        my.mysql_error.restype = ctypes.c_char_p
        my.mysql_fetch_row.restype = ctypes.POINTER(ctypes.c_char_p)
        self.connection = ctypes.c_void_p(my.mysql_init(None))
        if not my.mysql_real_connect(self.connection, url.hostname.encode(), url.username.encode(), url.password.encode(),
                                     url.path[1:].encode(), url.port, None, ctypes.c_ulong(0)):
            reason = my.mysql_error(self.connection).decode()
            self.close()
            raise Refused(reason)

    def run(self, statement):
        if self.my.mysql_query(self.connection, statement.encode()) != 0:
            raise Refused(self.my.mysql_error(self.connection).decode())
        answer = self.my.mysql_store_result(self.connection)
        if not answer:
            return None
        row = self.my.mysql_fetch_row(ctypes.c_void_p(answer))
        value = row[0].decode() if row else None
        self.my.mysql_free_result(ctypes.c_void_p(answer))
        return value

    def put(self, key, value):
        self.run("CREATE TABLE IF NOT EXISTS kept (k VARCHAR(100) PRIMARY KEY, v TEXT NOT NULL)")
        self.run(f"REPLACE INTO kept VALUES (0x{key.encode().hex()}, 0x{value.encode().hex()})")

    def get(self, key):
        return self.run(f"SELECT v FROM kept WHERE k = 0x{key.encode().hex()}")

    def close(self):
        self.my.mysql_close(self.connection)


class Redis:
    def __init__(self, url):
        try:
            self.stream = socket.create_connection((url.hostname, url.port), timeout=5)
        except OSError as failed:
            raise Refused(str(failed)) from failed
        self.answers = self.stream.makefile("rb")
        self.run("AUTH", url.username, url.password)

    def run(self, *words):
        parts = b"".join(b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words)
        try:
            self.stream.sendall(b"*%d\r\n%s" % (len(words), parts))
            line = self.answers.readline()
        except OSError as failed:
            raise Refused(str(failed)) from failed
        if line[:1] not in (b"+", b"$"):
            raise Refused(line.decode() or "the connection ended")
        if line[:1] == b"+" or line == b"$-1\r\n":
            return None
        return self.answers.read(int(line[1:]) + 2)[:-2].decode()

    def put(self, key, value):
        self.run("SET", key, value)

    def get(self, key):
        return self.run("GET", key)

    def close(self):
        self.stream.close()


def connect(variable):
    if variable not in os.environ:
        raise Refused(f"there is no {variable}")
    url = urlsplit(os.environ[variable])
    if url.scheme == "postgres":
        return Postgres(url.geturl())
    return Maria(url) if url.scheme == "mysql" else Redis(url)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, text):
        body = (text + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def with_database(self, work):
        asked = urlsplit(self.path)
        try:
            database = connect(parse_qs(asked.query).get("url", ["DATABASE_URL"])[0])
            try:
                self.answer(200, work(database, asked.path.strip("/").split("/")) or "")
            finally:
                database.close()
        except Refused as why:
            self.answer(503, str(why).strip())

    def do_GET(self):
        if self.path == "/":
            self.answer(200, "up")
        else:
            self.with_database(lambda database, words: database.get(words[0]))

    def do_PUT(self):
        self.with_database(lambda database, words: database.put(words[0], words[1]))

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler)
server.daemon_threads = True
server.serve_forever()

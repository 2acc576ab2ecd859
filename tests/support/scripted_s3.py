"""An S3-compatible store in this process, on loopback: objects in memory, path-style addresses, put whole and in parts, get with ranges,
list objects and uploads, delete. It checks every request's signature (AWS Signature Version 4) by the letter of the specification, with code of its own, and can
be told to fail. Standard library only."""

import contextlib
import hashlib
import hmac
import http.server
import re
import threading
import urllib.parse
from xml.sax.saxutils import escape


def sign(method, target, headers, body, secret):
    """The signature that Authorization in `headers` should carry."""
    fields = dict(part.strip().split("=", 1) for part in headers["authorization"].split(" ", 1)[1].split(","))
    _, day, region, service, _ = fields["Credential"].split("/")
    path, _, query = target.partition("?")
    pairs = sorted((k, v) for k, v in (p.partition("=")[::2] for p in query.split("&") if p))
    names = fields["SignedHeaders"].split(";")
    canonical = "\n".join([method, path, "&".join(f"{k}={v}" for k, v in pairs), *(f"{n}:{headers[n].strip()}" for n in names), "",
                           ";".join(names), hashlib.sha256(body).hexdigest()])
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), fields["Signature"]


class Store:
    """Use as a context manager. `objects` maps "bucket/key" to bytes; `problems` collects what was wrong with requests."""

    def __init__(self, access_key="AKIDTEST", secret_key="s3cr3t/of+the=test", bucket="backups"):
        self.access_key, self.secret_key, self.bucket = access_key, secret_key, bucket
        self.objects, self.uploads, self.problems, self.seen = {}, {}, [], []
        self.names = {}  # of uploads: "bucket/key"
        self.second_part_may_come = threading.Event()  # cleared: who puts one waits for an answer
        self.second_part_may_come.set()
        self.fail_next = []  # (method, status): the next such requests are refused once each
        self.cut_next_get = 0  # bytes after which the next download breaks
        self.lock = threading.Lock()

    def __enter__(self):
        store = self

        class Handler(_Handler):
            owner = store

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner = None

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, code):
        self.answer(status, f"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code} of the test</Message></Error>".encode())

    def handle_request(self):
        store = self.owner
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {k.lower(): v for k, v in self.headers.items()}
        if "partNumber=2&" in self.path:
            store.second_part_may_come.wait(120)
        with store.lock:
            store.seen.append((self.command, self.path))
            if (self.command, 503) in store.fail_next:
                store.fail_next.remove((self.command, 503))
                return self.refuse(503, "SlowDown")
            expected, given = sign(self.command, self.path, headers, body, store.secret_key)
            signed = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
            if not hmac.compare_digest(expected, given) or f"Credential={store.access_key}/" not in headers["authorization"]:
                return self.refuse(403, "SignatureDoesNotMatch")
            if headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest() or not {"host", "x-amz-date"} <= set(signed):
                store.problems.append(f"{self.command} {self.path}: what was signed is not what came")
                return self.refuse(400, "XAmzContentSHA256Mismatch")
            url = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
            name = urllib.parse.unquote(url.path).lstrip("/")
            if name.split("/")[0] != store.bucket:
                return self.refuse(404, "NoSuchBucket")
            return getattr(self, "on_" + self.command.lower())(store, name, query, body, headers)

    do_GET = do_PUT = do_POST = do_DELETE = handle_request

    def on_put(self, store, name, query, body, _):
        etag = f"\"{hashlib.md5(body).hexdigest()}\""
        if "uploadId" in query:
            parts = store.uploads.get(query["uploadId"])
            if parts is None:
                return self.refuse(404, "NoSuchUpload")
            parts[int(query["partNumber"])] = (etag, body)
        else:
            store.objects[name] = body
        return self.answer(200, ETag=etag)

    def on_post(self, store, name, query, body, _):
        if "uploads" in query:
            upload = f"upload-{len(store.uploads)}&<{len(store.seen)}>"
            store.uploads[upload], store.names[upload] = {}, name
            return self.answer(200, f"<InitiateMultipartUploadResult><UploadId>{escape(upload)}</UploadId></InitiateMultipartUploadResult>".encode())
        parts = store.uploads.pop(query["uploadId"], None)
        if parts is None:
            return self.refuse(404, "NoSuchUpload")
        listed = re.findall(r"<PartNumber>(\d+)</PartNumber><ETag>([^<]*)</ETag>", body.decode())
        if [(int(n), e) for n, e in listed] != [(n, e) for n, (e, _) in sorted(parts.items())]:
            return self.refuse(400, "InvalidPart")
        whole = [part for _, (_, part) in sorted(parts.items())]
        if any(len(part) < 5 << 20 for part in whole[:-1]):
            return self.refuse(400, "EntityTooSmall")
        store.objects[name] = b"".join(whole)
        return self.answer(200, b"<CompleteMultipartUploadResult/>")

    def on_get(self, store, name, query, _, headers):
        if "uploads" in query:
            prefix = f"{store.bucket}/{query.get('prefix', '')}"
            found = "".join(f"<Upload><Key>{escape(store.names[u].split('/', 1)[1])}</Key><UploadId>{escape(u)}</UploadId></Upload>"
                            for u in sorted(store.uploads) if store.names[u].startswith(prefix))
            return self.answer(200, f"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>{found}</ListMultipartUploadsResult>".encode())
        if "list-type" in query:
            prefix = f"{store.bucket}/{query.get('prefix', '')}"
            found = "".join(f"<Contents><Key>{escape(k.split('/', 1)[1])}</Key><Size>{len(v)}</Size></Contents>"
                            for k, v in sorted(store.objects.items()) if k.startswith(prefix))
            return self.answer(200, f"<ListBucketResult>{found}</ListBucketResult>".encode())
        if name not in store.objects:
            return self.refuse(404, "NoSuchKey")
        content = store.objects[name]
        etag = f"\"{hashlib.md5(content).hexdigest()}\""
        if headers.get("if-match", etag) != etag:
            return self.refuse(412, "PreconditionFailed")
        begin = int(headers["range"][len("bytes="):-1]) if "range" in headers else 0
        cut, store.cut_next_get = store.cut_next_get, 0
        self.send_response(206 if begin else 200)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(content[begin:begin + cut] if cut else content[begin:])
        if cut:
            self.close_connection = True
        return None

    def on_delete(self, store, name, query, *_):
        if "uploadId" in query:
            store.uploads.pop(query["uploadId"], None)
        else:
            store.objects.pop(name, None)
        return self.answer(204)

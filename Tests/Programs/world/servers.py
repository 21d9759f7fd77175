# SPDX-License-Identifier: Apache-2.0
"""Starts the servers of the world and waits until each one answers."""

import glob
import hashlib
import os
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BIG_FILE_BLOCKS = 200  # of 1 MiB each

NGINX = """
daemon off;
user root root;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
events {{ worker_connections 2048; }}
http {{
    access_log {directory}/access.log;
    client_body_temp_path {directory}/nginx-body;
    proxy_temp_path {directory}/nginx-proxy;
    fastcgi_temp_path {directory}/nginx-fastcgi;
    uwsgi_temp_path {directory}/nginx-uwsgi;
    scgi_temp_path {directory}/nginx-scgi;
    sendfile on;
    default_type text/plain;
    server {{
        listen 93.184.216.34:80 backlog=1024;
        listen [2606:2800:220:1::1]:80;
        listen 93.184.216.34:443 ssl http2;
        listen [2606:2800:220:1::1]:443 ssl http2;
        ssl_certificate {directory}/server.pem;
        ssl_certificate_key {directory}/server.key;
        root {directory}/www;
        location = / {{ return 200 "welcome to $host\\n"; }}
        location = /from {{ return 200 "$remote_addr $server_addr $server_port\\n"; }}
        location = /redirect {{ return 302 http://denied.example/; }}
    }}
}}
"""

UNBOUND = """
server:
    interface: 127.0.0.1
    access-control: 0.0.0.0/0 allow
    username: ""
    chroot: ""
    directory: "{directory}"
    pidfile: ""
    use-syslog: no
    logfile: "{directory}/unbound.log"
    log-queries: yes
    do-daemonize: no
    module-config: "iterator"
    minimal-responses: yes
    num-threads: 1
auth-zone:
    name: "."
    zonefile: "{directory}/zone"
    for-downstream: no
    for-upstream: yes
remote-control:
    control-enable: no
"""


def certificate(directory):
    """An authority of the world's own and one certificate for its hosts."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    names = "DNS:allowed.example,DNS:*.example,IP:93.184.216.34,IP:2606:2800:220:1::1"
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test World")
    openssl("req", *new_key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=allowed.example")
    with open(f"{directory}/extensions", "w") as file:
        file.write(f"subjectAltName={names}\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
            "-extfile", "extensions", "-out", "server.pem")


def big_file(path):
    """200 MiB in which every block differs, so that a lost or doubled block changes the digest."""
    digest, body = hashlib.sha256(), os.urandom((1 << 20) - 8)
    with open(path, "wb") as file:
        for number in range(BIG_FILE_BLOCKS):
            block = number.to_bytes(8, "big") + body
            file.write(block)
            digest.update(block)
    with open(path + ".sha256", "w") as file:
        file.write(digest.hexdigest())


def repository(directory):
    """A git repository to be cloned over plain HTTP."""
    def git(*arguments):
        subprocess.run(["git", "-c", "user.name=World", "-c", "user.email=world@allowed.example",
                        "-c", "init.defaultBranch=main", *arguments],
                       check=True, capture_output=True, env={**os.environ, "HOME": directory})

    source = f"{directory}/source"
    git("init", source)
    with open(f"{source}/README", "w") as file:
        file.write("cloned\n")
    git("-C", source, "add", "README")
    git("-C", source, "commit", "-m", "Add a file")
    git("clone", "--bare", source, f"{directory}/www/repository.git")
    git("-C", f"{directory}/www/repository.git", "update-server-info")


def wait_for(directory, what, ready):
    for _ in range(1000):
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.01)
    for log in sorted(glob.glob(f"{directory}/*.log")):
        with open(log) as file:
            sys.stderr.write(f"{os.path.basename(log)}: {file.read()}\n")
    sys.exit(f"world: {what} does not answer")


def connects(address, port):
    return lambda: socket.create_connection((address, port), timeout=1).close() is None


def resolves(address):
    query = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\7allowed\7example\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.2)
        client.sendto(query, (address, 53))
        return client.recv(512)[7] > 0


def start(directory):
    """Returns the pids of the servers and their names, once all of them answer."""
    started = {}

    def spawn(name, *command):
        log = open(f"{directory}/{name}.log", "ab")
        started[subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log).pid] = name

    def python(name):
        spawn(name, sys.executable, "-I", f"{HERE}/{name}.py", directory)

    for name in ("canary", "services", "dns"):
        python(name)
    with open(f"{HERE}/zone") as zone, open(f"{directory}/zone", "w") as file:
        file.write(zone.read())
        file.writelines(f"many.example. A 93.184.217.{number}\n" for number in range(1, 121))  # more than fits in UDP
    with open(f"{directory}/unbound.conf", "w") as file:
        file.write(UNBOUND.format(directory=directory))
    spawn("unbound", "unbound", "-d", "-c", f"{directory}/unbound.conf")

    os.mkdir(f"{directory}/www")
    certificate(directory)
    repository(directory)
    big_file(f"{directory}/www/big")
    with open(f"{directory}/nginx.conf", "w") as file:
        file.write(NGINX.format(directory=directory))
    spawn("nginx", "nginx", "-c", f"{directory}/nginx.conf")
    subprocess.run(["chmod", "-R", "a+rX", f"{directory}/www"], check=True)

    wait_for(directory, "nginx", connects("93.184.216.34", 80))
    wait_for(directory, "the resolver", lambda: resolves("127.0.0.1"))
    wait_for(directory, "the scripted resolver", lambda: resolves("127.0.0.2"))
    wait_for(directory, "the services", connects("127.0.0.1", 5432))
    wait_for(directory, "the canary", lambda: os.path.exists(f"{directory}/canary.ready"))
    return started

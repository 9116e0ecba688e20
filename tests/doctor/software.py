"""The software of the set-ups: other machines, application servers, gateways, name servers, as a world runs them."""

import glob
import socket
import sys

from world import program, shell


def pass_to(where, extra=""):
    return f"proxy_pass {where}; proxy_set_header Host $host; {extra}"


HAPROXY = """
    defaults
        mode http
        timeout connect 2s
        timeout client 10s
        timeout server 10s
    frontend web
        bind 127.0.0.1:80
        default_backend app
    backend app
        server one {server}
"""


def w_shell(_world, command):
    shell(command)


def visit(url):
    """The first line the site answers with."""
    try:
        with socket.create_connection(("127.0.0.1", 80), 5) as c:
            c.settimeout(10)
            c.sendall(b"GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n")
            return c.recv(200)
    except OSError:
        return b""


def backend(w, rule, body='''
        def serve(c, n):
            while read_head(c): answer(c)
    '''):
    """Another machine at 10.9.0.2, with an application on port 3000 and a rule at its door."""
    shell("ip netns add tw-be && ip link add gw0 type veth peer name be0 && ip link set be0 netns tw-be"
          " && ip addr add 10.9.0.1/24 dev gw0 && ip link set gw0 up"
          " && ip netns exec tw-be ip addr add 10.9.0.2/24 dev be0 && ip netns exec tw-be ip link set be0 up"
          " && ip netns exec tw-be ip link set lo up")
    w.app(body, wait=False)
    app = w.processes.pop()
    app.terminate()
    app.wait()
    w.start(["ip", "netns", "exec", "tw-be", sys.executable, w.folder / "app-3000.py"])
    w.wait_port(3000, "10.9.0.2")
    if rule:
        shell("ip netns exec tw-be nft add table inet t && ip netns exec tw-be nft add chain inet t i"
              " '{ type filter hook input priority 0; }' && ip netns exec tw-be nft add rule inet t i " + rule)


def far_site(w, rule):
    """The site and two other places behind a router, at addresses that mean the same everywhere."""
    backend(w, "")
    shell("ip route add default via 10.9.0.2")
    for address in ("198.51.100.10", "203.0.113.5", "203.0.113.6"):
        shell(f"ip netns exec tw-be ip addr add {address}/32 dev lo")
    w.hosts("127.0.0.1 localhost", "198.51.100.10 shop.example", "203.0.113.5 status.example")
    w.wait_port(3000, "203.0.113.5")
    if rule:
        shell("ip netns exec tw-be nft add table inet t && ip netns exec tw-be nft add chain inet t i"
              " '{ type filter hook input priority 0; }' && ip netns exec tw-be nft add rule inet t i " + rule)


POOL = "upstream app { server 10.9.0.2:3000; keepalive 16; }"
POOLED = "proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $host;"


def behind_a_memory(w, seconds, then):
    """The other machine knows idle connections for so long; what belongs to none it knows is dropped or rejected."""
    backend(w, "ct state invalid meta l4proto tcp " + then)
    for name, value in (("loose", 0), ("timeout_established", seconds)):
        shell(f"ip netns exec tw-be sh -c 'echo {value} > /proc/sys/net/netfilter/nf_conntrack_tcp_{name}'")


def backend_tls(w, chain, key, extra=""):
    w.nginx(f"server {{ listen 127.0.0.1:8443 ssl; ssl_certificate {chain}; ssl_certificate_key {key}; {extra}"
            " location / { return 200 ok; } }", name="inner", port=8443)


def verify(w, authority):
    return (f"proxy_ssl_verify on; proxy_ssl_trusted_certificate {w.folder}/{authority}.pem;"
            " proxy_ssl_name internal.shop; proxy_ssl_server_name on;")


def https_site(w, chain, key):
    return w.nginx(f"""
        server {{ listen 443 ssl; server_name shop.example; ssl_certificate {chain}; ssl_certificate_key {key};
                 location / {{ {pass_to("http://127.0.0.1:3000")} }} }}
    """, port=443)


def node(w, answer, more=""):
    code = f"const server = require('http').createServer((req, res) => {{ {answer} }}); {more} server.listen(3000, '127.0.0.1');"
    w.start([program("node"), w.write("app.js", code)])
    w.wait_port(3000)


def gunicorn(w, code, *options):
    w.write("shop.py", code)
    w.start([program("gunicorn"), "-b", "127.0.0.1:3000", *options, "shop:app"], cwd=w.folder)
    w.wait_port(3000)


def php_fpm_program():
    found = sorted(glob.glob("/usr/sbin/php-fpm[0-9]*"))
    return found[-1] if found else program("php-fpm")


def php_fpm(w):
    conf = w.write("fpm.conf", f"""
        [global]
        error_log = {w.folder}/fpm.log
        daemonize = no
        [www]
        user = www-data
        listen = 127.0.0.1:9000
        pm = static
        pm.max_children = 2
    """)
    w.start([php_fpm_program(), "-F", "-y", conf])
    w.wait_port(9000)


def apache(w, proxy, *modules):
    loads = "\n        ".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in modules)
    logs = w.folder / "apache"
    logs.mkdir()
    conf = w.write("apache.conf", f"""
        ServerRoot /etc/apache2
        PidFile {logs}/apache.pid
        DefaultRuntimeDir {logs}
        Mutex file:{logs} default
        ServerName localhost
        User www-data
        Group www-data
        Listen 80
        LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
        LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
        LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
        LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
        {loads}
        ErrorLog {logs}/error.log
        CustomLog {logs}/access.log combined
        <VirtualHost *:80>
            ServerName shop.example
            {proxy}
        </VirtualHost>
    """.replace("CustomLog", "LogFormat \"%h %l %u %t \\\"%r\\\" %>s %b\" combined\n        CustomLog"))
    w.start([program("apache2"), "-f", conf, "-DFOREGROUND"])
    w.wait_port(80)
    return conf


def caddy(w, directives):
    conf = w.write("Caddyfile", f"""
        {{
            admin off
            auto_https off
            storage file_system {w.folder}/caddy
        }}
        http://shop.example {{
            {directives}
        }}
    """)
    w.start([program("caddy"), "run", "--config", conf, "--adapter", "caddyfile"])
    w.wait_port(80)
    return conf


def knot(w, zones):
    """A name server for these zones at 127.0.0.1:53; it knows no others."""
    listed = ""
    for name, text in zones.items():
        file = w.write(f"{name}.zone", text)
        listed += f"  - domain: {name}\n    file: {file}\n"
    conf = w.folder / "knot.conf"
    conf.write_text(f"server:\n  listen: 127.0.0.1@53\n  rundir: {w.folder}\n"
                    f"database:\n  storage: {w.folder}/knot\nzone:\n{listed}")
    w.start([program("knotd"), "-c", conf])
    w.wait_port(53)

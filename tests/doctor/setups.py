"""Set-ups broken on purpose with real software, and healthy ones: what the doctor must say of each.

Each function builds its world and returns the doctor's arguments. `wants` lists the ids of which one must come first;
`HEALTHY` means exit 0 and no finding above info.
"""

import sys
import time

from software import (
    HAPROXY, POOL, POOLED, apache, backend, backend_tls, behind_a_memory, caddy, far_site, gunicorn,
    https_site, knot, node, pass_to, php_fpm, verify, visit, w_shell,
)
from world import program

SETUPS = []
HEALTHY = ()
URL = "http://shop.example/"


def setup(*wants):
    def keep(build):
        SETUPS.append((build.__name__, wants, build))
        return build
    return keep


# --- Healthy: no finding above info, exit 0.

@setup(*HEALTHY)
def healthy_nginx(w):
    w.healthy_app()
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000"))]


@setup(*HEALTHY)
def healthy_without_any_hint(w):
    w.healthy_app()
    w.shop(pass_to("http://127.0.0.1:3000"))
    return [URL]


@setup(*HEALTHY)
def healthy_but_slow(w):
    w.app('''
        def serve(c, n):
            while read_head(c):
                time.sleep(1.2 + (n % 5) * 0.13)
                answer(c, b"<h1>slow shop</h1>")
    ''')
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000"))]


@setup(*HEALTHY)
def healthy_haproxy_gunicorn(w):
    gunicorn(w, "def app(environ, start):\n    start('200 OK', [('Content-Length', '2')])\n    return [b'ok']\n")
    return [URL, "--config", w.haproxy(HAPROXY.format(server="127.0.0.1:3000 check inter 500ms"))]


@setup(*HEALTHY)
def healthy_self_signed_trusted_on_purpose(w):
    chain, key = w.certificate("internal", names=("internal.shop",))
    backend_tls(w, chain, key)
    conf = w.shop(pass_to("https://127.0.0.1:8443", f"proxy_ssl_verify on; proxy_ssl_trusted_certificate {chain};"
                          " proxy_ssl_name internal.shop; proxy_ssl_server_name on;"))
    return [URL, "--config", conf]


@setup(*HEALTHY)
def healthy_caddy(w):
    w.healthy_app()
    return [URL, "--config", caddy(w, "reverse_proxy 127.0.0.1:3000")]


@setup(*HEALTHY)
def healthy_host_that_drops_ping(w):
    w.healthy_app()
    w_shell(w, "nft add table inet t; nft add chain inet t i '{ type filter hook input priority 0; }';"
               " nft add rule inet t i icmp type echo-request drop")
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000"))]


@setup(*HEALTHY)
def healthy_private_zone(w):
    w.hosts("127.0.0.1 localhost")
    knot(w, {"corp.internal": "$ORIGIN corp.internal.\n$TTL 60\n@ SOA ns hostmaster 1 60 60 600 60\n@ NS ns\nns A 127.0.0.1\nshop A 127.0.0.1\n"})
    w.healthy_app()
    conf = w.nginx("server { listen 80; server_name shop.corp.internal; location / { "
                   + pass_to("http://127.0.0.1:3000") + " } }")
    return ["http://shop.corp.internal/", "--config", conf]


@setup(*HEALTHY)
def healthy_pool_behind_a_firewall_with_a_memory(w):
    behind_a_memory(w, 70, "drop")
    return [URL, "--config", w.shop(POOLED, before=POOL)]


# --- Connections.

@setup("connect.refused_nothing_listens")
def nothing_listens(w):
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000"))]


@setup("connect.refused_nothing_listens", "gateway.log_errors")
def nothing_listens_and_no_hint(w):
    w.shop(pass_to("http://127.0.0.1:3000"))
    return [URL]


@setup("connect.refused_nothing_listens")
def nothing_listens_behind_haproxy(w):
    return [URL, "--config", w.haproxy(HAPROXY.format(server="127.0.0.1:3000"))]


@setup("connect.refused_nothing_listens")
def nothing_listens_behind_apache(w):
    return [URL, "--config", apache(w, "ProxyPass / http://127.0.0.1:3000/\nProxyPreserveHost On")]


@setup("connect.refused_nothing_listens")
def nothing_listens_behind_caddy(w):
    return [URL, "--config", caddy(w, "reverse_proxy 127.0.0.1:3000")]


@setup("connect.socket_missing")
def unix_socket_missing(w):
    return [URL, "--config", w.shop(pass_to(f"http://unix:{w.folder}/app.sock"))]


@setup("host.socket_denied", "connect.socket_denied")
def unix_socket_denied(w):
    w.write("s.py", f"""
        import socket, os
        s = socket.socket(socket.AF_UNIX); s.bind("{w.folder}/app.sock"); os.chmod("{w.folder}/app.sock", 0o600); s.listen(8)
        while True:
            c, _ = s.accept(); c.recv(65536); c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"); c.close()
    """)
    w.start([sys.executable, w.folder / "s.py"])
    w.until((w.folder / "app.sock").exists, "the socket")
    conf = w.shop(pass_to(f"http://unix:{w.folder}/app.sock"))
    visit(URL)
    return [URL, "--config", conf]


@setup("firewall.drop")
def firewall_drops(w):
    backend(w, "tcp dport 3000 drop")
    return [URL, "--config", w.shop(pass_to("http://10.9.0.2:3000", "proxy_connect_timeout 2s;"))]


@setup("firewall.reject")
def firewall_rejects(w):
    backend(w, "tcp dport 3000 reject with icmp type admin-prohibited")
    return [URL, "--config", w.shop(pass_to("http://10.9.0.2:3000"))]


@setup("network.host_down")
def host_is_dead(w):
    backend(w, "")
    return [URL, "--config", w.shop(pass_to("http://10.9.0.77:3000", "proxy_connect_timeout 4s;"))]


@setup("firewall.own_egress")
def own_egress_rule(w):
    backend(w, "")
    w_shell(w, "nft add table inet t; nft add chain inet t o '{ type filter hook output priority 0; }';"
               " nft add rule inet t o tcp dport 3000 drop")
    return [URL, "--config", w.shop(pass_to("http://10.9.0.2:3000", "proxy_connect_timeout 2s;"))]


@setup("network.mtu_black_hole")
def mtu_black_hole(w):
    backend(w, "", body='''
        def serve(c, n):
            while read_head(c): answer(c, b"x" * 200000)
    ''')
    # The way back loses full segments and tells nobody.
    w_shell(w, "nft add table inet t; nft add chain inet t i '{ type filter hook prerouting priority -400; }';"
               " nft add rule inet t i iif gw0 meta length gt 1300 drop; ethtool -K gw0 gro off 2>/dev/null; true")
    w_shell(w, "ip netns exec tw-be ethtool -K be0 tso off gso off 2>/dev/null; true")
    return [URL, "--config", w.shop(pass_to("http://10.9.0.2:3000", "proxy_read_timeout 3s;"))]


# --- Is it only me?

FAR = "http://shop.example:3000/"
CONTROL = ["--control", "http://status.example:3000/"]


@setup("client.offline")
def nothing_gets_out_of_this_machine(w):
    far_site(w, "")
    w_shell(w, "nft add table inet t; nft add chain inet t o '{ type filter hook output priority 0; policy drop; }';"
               " nft add rule inet t o oif lo accept")
    return [FAR, *CONTROL]


@setup("client.offline")
def nothing_comes_back(w):
    far_site(w, "ip saddr 10.9.0.1 drop")
    return [FAR, *CONTROL, "--control", "203.0.113.6:3000"]


@setup("client.offline")
def the_router_is_gone(w):
    far_site(w, "")
    w_shell(w, "ip netns exec tw-be sysctl -qw net.ipv4.conf.all.arp_ignore=8 && ip neigh flush all")
    return [FAR]


@setup("connect.silent", "firewall.drop")
def only_the_site_is_cut_off(w):
    far_site(w, "ip daddr 198.51.100.10 drop")
    return [FAR, *CONTROL]


@setup("connect.refused_nothing_listens")
def only_the_site_refuses(w):
    far_site(w, "")
    return ["http://shop.example:3001/", *CONTROL]


@setup(*HEALTHY)
def healthy_with_controls_that_tell_nothing(w):
    far_site(w, "ip daddr 203.0.113.6 drop")
    return [FAR, "--control", "http://no-such-name.invalid/", "--control", "203.0.113.6:3000"]


@setup("firewall.idle_state_lost")
def firewall_forgets_idle_connections(w):
    behind_a_memory(w, 4, "drop")
    conf = w.shop(POOLED + " proxy_read_timeout 3s;", before=POOL)
    visit(URL)
    time.sleep(6)
    return [URL, "--config", conf]


@setup("firewall.idle_state_lost")
def firewall_forgets_and_nothing_fails_just_now(w):
    behind_a_memory(w, 4, "drop")
    return [URL, "--config", w.haproxy(HAPROXY.format(server="10.9.0.2:3000 pool-purge-delay 30s"))]


@setup("firewall.idle_state_reset")
def firewall_resets_idle_connections(w):
    behind_a_memory(w, 4, "reject with tcp reset")
    return [URL, "--config", w.shop(POOLED, before=POOL)]


# --- What the upstream answers.

@setup("http.closed_before_answer", "http.closed_at_once", "http.worker_timeout")
def closes_without_an_answer(w):
    w.app("def serve(c, n): read_head(c)")
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000"))]


@setup("http.body_cut")
def body_shorter_than_said(w):
    w.app('''
        def serve(c, n):
            read_head(c); c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 500000\\r\\n\\r\\n" + b"x" * 1000)
    ''')
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000"))]


@setup("http.header_too_big")
def header_larger_than_the_buffer(w):
    w.app('''
        def serve(c, n):
            while read_head(c): answer(c, b"ok", fields="Set-Cookie: a=" + "x" * 6000 + "\\r\\n")
    ''')
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000", "proxy_buffer_size 4k;"))]


@setup("http.head_malformed")
def header_with_a_control_byte(w):
    w.app('''
        def serve(c, n):
            read_head(c); c.sendall(b"HTTP/1.1 200 OK\\r\\nBad Name\\x00: 1\\r\\nContent-Length: 2\\r\\n\\r\\nok")
    ''')
    return [URL, "--config", w.haproxy(HAPROXY.format(server="127.0.0.1:3000"))]


@setup("http.length_conflict")
def two_lengths(w):
    w.app('''
        def serve(c, n):
            read_head(c); c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nContent-Length: 3\\r\\n\\r\\nok")
    ''')
    return [URL, "--config", w.haproxy(HAPROXY.format(server="127.0.0.1:3000"))]


@setup("http.wants_fastcgi")
def http_to_php_fpm(w):
    php_fpm(w)
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:9000"))]


@setup("http.fastcgi_meets_http")
def fastcgi_to_http(w):
    w.healthy_app()
    return [URL, "--config", w.shop("fastcgi_pass 127.0.0.1:3000;")]


@setup("http.wrong_protocol")
def http_to_ssh(w):
    w.app('''
        def serve(c, n):
            c.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\\r\\n"); time.sleep(0.1); c.recv(100)
            c.sendall(b"Invalid SSH identification string.\\r\\n")
    ''')
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000"))]


@setup("http.proxy_protocol_unexpected")
def proxy_protocol_nobody_wants(w):
    node(w, "res.end('ok')")
    return [URL, "--config", w.haproxy(HAPROXY.format(server="127.0.0.1:3000 send-proxy"))]


@setup("http.proxy_protocol_missing")
def proxy_protocol_missing(w):
    w.healthy_app(port=3001)
    w.start([program("haproxy"), "-db", "-f", w.write("inner.cfg", """
        defaults
            mode http
            timeout connect 2s
            timeout client 5s
            timeout server 5s
        listen inner
            bind 127.0.0.1:3000 accept-proxy
            server app 127.0.0.1:3001
    """)])
    w.wait_port(3000)
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000"))]


@setup("http.worker_timeout", "http.closed_before_answer", "time.upstream_gives_up")
def gunicorn_worker_timeout(w):
    gunicorn(w, "import time\ndef app(environ, start):\n    time.sleep(30)\n", "--timeout", "2")
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000"))]


@setup("time.slower_than_gateway")
def slower_than_the_gateway_waits(w):
    w.app('''
        def serve(c, n):
            while read_head(c):
                time.sleep(2.4 + (n % 4) * 0.21); answer(c)
    ''')
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000", "proxy_read_timeout 1s;"))]


@setup("capacity.no_answer", "time.slower_than_gateway")
def accepts_and_never_answers(w):
    w.app("def serve(c, n):\n    read_head(c); time.sleep(600)")
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000", "proxy_read_timeout 3s;"))]


@setup("app.error_passed_on")
def the_application_says_502(w):
    w.app('''
        def serve(c, n):
            while read_head(c): answer(c, b"database is gone", "502 Bad Gateway")
    ''')
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000"))]


@setup("app.maintenance")
def maintenance(w):
    w.app('''
        def serve(c, n):
            while read_head(c): answer(c, b"back soon", "503 Service Unavailable", "Retry-After: 600\\r\\n")
    ''')
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000"))]


@setup("http.redirect_loop")
def redirects_for_ever(w):
    w.app('''
        def serve(c, n):
            while read_head(c): answer(c, b"", "301 Moved Permanently", "Location: http://shop.example/\\r\\n")
    ''')
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:3000"))]


@setup("http.health_check_differs")
def health_check_asks_what_nobody_serves(w):
    w.app('''
        def serve(c, n):
            while True:
                head = read_head(c)
                if not head: return
                if b" /healthz " in head.split(b"\\r\\n")[0]: answer(c, b"", "404 Not Found")
                else: answer(c)
    ''')
    text = HAPROXY.format(server="127.0.0.1:3000 check inter 200ms fall 1").replace(
        "backend app", "backend app\n    option httpchk GET /healthz\n    http-check expect status 200")
    conf = w.haproxy(text)
    w.until(lambda: b"503" in visit(URL), "the server's ejection")
    return [URL, "--config", conf]


@setup("keepalive.mismatch")
def idle_time_shorter_than_the_pool(w):
    node(w, "res.end('ok')", "server.keepAliveTimeout = 3000;")
    conf = w.shop("proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $host;",
                  before="upstream app { server 127.0.0.1:3000; keepalive 16; }")
    return [URL, "--config", conf]


# --- TLS.

@setup("tls.front_expired")
def site_certificate_expired(w):
    chain, key = w.certificate("site", days=-1)
    w.healthy_app()
    return ["https://shop.example/", "--config", https_site(w, chain, key), "--cacert", chain]


@setup("tls.front_wrong_name")
def site_certificate_for_another_name(w):
    chain, key = w.certificate("site", names=("other.example",))
    w.healthy_app()
    return ["https://shop.example/", "--config", https_site(w, chain, key), "--cacert", chain]


@setup("tls.upstream_wants_tls")
def plain_to_a_tls_port(w):
    backend_tls(w, *w.certificate("internal", names=("internal.shop",)))
    return [URL, "--config", w.shop(pass_to("http://127.0.0.1:8443"))]


@setup("tls.upstream_speaks_plain")
def tls_to_a_plain_port(w):
    w.healthy_app()
    return [URL, "--config", w.shop(pass_to("https://127.0.0.1:3000"))]


@setup("tls.upstream_expired")
def upstream_certificate_expired(w):
    w.certificate("ca", names=("Shop CA",))
    backend_tls(w, *w.certificate("internal", names=("internal.shop",), days=-1, authority="ca"))
    return [URL, "--config", w.shop(pass_to("https://127.0.0.1:8443", verify(w, "ca")))]


@setup("tls.upstream_wrong_name")
def upstream_certificate_for_another_name(w):
    w.certificate("ca", names=("Shop CA",))
    backend_tls(w, *w.certificate("internal", names=("moved.shop",), authority="ca"))
    return [URL, "--config", w.shop(pass_to("https://127.0.0.1:8443", verify(w, "ca")))]


@setup("tls.upstream_unknown_issuer", "tls.rotated_one_side", "tls.upstream_self_signed")
def upstream_certificate_by_another_authority(w):
    w.certificate("ca", names=("Shop CA",))
    w.certificate("ca-new", names=("New CA",))
    backend_tls(w, *w.certificate("internal", names=("internal.shop",), authority="ca-new"))
    return [URL, "--config", w.shop(pass_to("https://127.0.0.1:8443", verify(w, "ca")))]


@setup("tls.sni_required")
def upstream_needs_the_name(w):
    chain, key = w.certificate("internal", names=("internal.shop",))
    w.nginx(f"""
        server {{ listen 8443 ssl default_server; ssl_reject_handshake on; }}
        server {{ listen 8443 ssl; server_name shop.example internal.shop; ssl_certificate {chain}; ssl_certificate_key {key};
                 return 200 ok; }}
    """, name="inner", port=8443)
    return [URL, "--config", w.shop(pass_to("https://127.0.0.1:8443", "proxy_ssl_name internal.shop;"))]


@setup("tls.client_certificate_wanted")
def upstream_wants_a_client_certificate(w):
    chain, key = w.certificate("internal", names=("internal.shop",))
    ca, _ = w.certificate("ca", names=("Shop CA",))
    backend_tls(w, chain, key, f"ssl_client_certificate {ca}; ssl_verify_client on;")
    return [URL, "--config", w.shop(pass_to("https://127.0.0.1:8443"))]


@setup("tls.no_common_version")
def no_common_version(w):
    chain, key = w.certificate("internal", names=("internal.shop",))
    backend_tls(w, chain, key, "ssl_protocols TLSv1.3;")
    return [URL, "--config", w.shop(pass_to("https://127.0.0.1:8443", "proxy_ssl_protocols TLSv1.2;"))]


# --- Names.

@setup("gateway.switch_missing")
def apache_without_sslproxyengine(w):
    chain, key = w.certificate("upstream", names=("127.0.0.1",))
    backend_tls(w, chain, key)
    return [URL, "--config", apache(w, "ProxyPass / https://127.0.0.1:8443/\nProxyPreserveHost On", "ssl")]


@setup("gateway.switch_missing")
def apache_without_the_module(w):
    php_fpm(w)
    return [URL, "--config", apache(w, "ProxyPass / fcgi://127.0.0.1:9000/srv/")]


@setup("gateway.switch_missing")
def nginx_with_a_certificate_and_no_ssl(w):
    chain, key = w.certificate("site")
    w.healthy_app()
    conf = w.nginx(f"""
        server {{ listen 443; server_name shop.example; ssl_certificate {chain}; ssl_certificate_key {key};
                 location / {{ {pass_to("http://127.0.0.1:3000")} }} }}
    """, port=443)
    return ["https://shop.example/", "--config", conf, "--cacert", chain]


@setup("dns.name_unknown")
def the_sites_name_is_unknown(w):
    w.hosts("127.0.0.1 localhost")
    knot(w, {"example": "$ORIGIN example.\n$TTL 60\n@ SOA ns.example. hostmaster.example. 1 60 60 600 60\n@ NS ns\nns A 127.0.0.1\nwww A 127.0.0.1\n"})
    return ["http://shop.example/"]


@setup("dns.stale_in_proxy")
def the_upstream_has_moved(w):
    w.hosts("127.0.0.1 localhost shop.example", "127.0.0.7 app.internal")
    conf = w.shop(pass_to("http://app.internal:3000"))
    w.hosts("127.0.0.1 localhost shop.example", "127.0.0.8 app.internal")
    w.write("app-bind.py", """
        import socket
        s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.8", 3000)); s.listen(8)
        while True:
            c, _ = s.accept(); c.recv(65536); c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"); c.close()
    """)
    w.start([sys.executable, w.folder / "app-bind.py"])
    w.wait_port(3000, "127.0.0.8")
    for _ in range(3):
        visit(URL)
    return [URL, "--config", conf]


@setup("dns.upstream_unresolvable", "dns.name_unknown")
def the_upstreams_name_is_unknown(w):
    knot(w, {"internal": "$ORIGIN internal.\n$TTL 60\n@ SOA ns hostmaster 1 60 60 600 60\n@ NS ns\nns A 127.0.0.1\n"})
    conf = w.nginx("""
        resolver 127.0.0.1 ipv6=off; resolver_timeout 2s;
        server { listen 80; server_name shop.example;
                 location / { set $app app.internal; proxy_pass http://$app:3000; } }
    """)
    return [URL, "--config", conf]

# Was die Prüfungen einer Maschine sagen. en/doctor/host.ftl hat dieselben Schlüssel in derselben Reihenfolge.

host-needs-root = Offene Dateien, die Meldungen des Kernels und die Sockets fremder Prozesse dieser Maschine sieht nur root.
host-descriptors = { $process } ({ $pid }) hat { $open } Dateien und Verbindungen offen und darf { $limit } haben.
host-memory-kill = Der Kernel hat { $process } vor { $minutes } min aus Speichermangel beendet.
host-kills-growing = Während der Beobachtung hat der Kernel { $kills } Prozesse aus Speichermangel beendet.
host-memory-short = Von { $total } MiB Arbeitsspeicher sind noch { $available } MiB verfügbar, und Auslagerungsspeicher gibt es so gut wie keinen.
host-crash = { $process } ist vor { $minutes } min abgestürzt.
host-throttled = Das CPU-Kontingent von { $process } ({ $pid }) war während der Beobachtung in { $share } % der Zeitabschnitte aufgebraucht.
host-disk = Das Dateisystem von { $folder } ist zu { $used } % voll; { $free } MiB sind übrig.
host-inodes = Das Dateisystem von { $folder } hat alle { $inodes } Inodes aufgebraucht: Neue Dateien sind nicht möglich.
host-read-only = Das Dateisystem von { $folder } kann nur gelesen werden.
host-not-writable = Die Arbeitsprozesse des Gateways laufen als Benutzer { $uid } und dürfen nicht in { $folder } schreiben: { $barred } gehört Benutzer { $owner } und hat die Rechte { $mode }.
host-socket-denied = { $process } läuft als Benutzer { $uid } und darf { $socket } nicht öffnen: { $barred } gehört Benutzer { $owner } und Gruppe { $group } und hat die Rechte { $mode }.
host-denied = { $process } wurde vor { $minutes } min „{ $wanted }“ verweigert.
host-selinux-policy = { $process } läuft eingeschränkt als httpd_t, SELinux setzt durch, httpd_can_network_connect ist aus, und der Port von { $upstream } gehört nicht zu http_port_t.
host-conntrack = Die Verbindungstabelle hat { $count } Einträge und darf { $limit } haben.
host-ports = { $count } Sockets führen zu { $destination }, davon { $waiting } in TIME_WAIT; Quellports gibt es { $range }.
host-clock = Die Uhr dieser Maschine geht { $hosts } anderen Maschinen, die untereinander übereinstimmen, um { $seconds } s vor.

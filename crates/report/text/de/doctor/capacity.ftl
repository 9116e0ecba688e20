# Was die Prüfungen der Kapazität sagen. en/doctor/capacity.ftl hat dieselben Schlüssel in derselben Reihenfolge.

capacity-burst = { $upstream } beantwortete eine einzelne Anfrage in { $alone } s; von { $requests } gleichzeitigen beantwortete er { $good } richtig, nach diesen Sekunden: { $times }.
capacity-workers = Die Antworten kommen in Stufen; gleichzeitig bearbeitet werden anscheinend so viele Anfragen: { $workers }.
capacity-queue-full = { $waiting } Verbindungen warten an { $place } darauf, angenommen zu werden, Platz ist für { $limit }; bei jedem von { $looks } Blicken war die Warteschlange voll.
capacity-queue-drops = Währenddessen verwarf diese Maschine { $dropped } Verbindungen, weil eine Warteschlange voll war.
capacity-php-fpm = Im Pool { $pool } laufen { $workers } Arbeitsprozesse von { $limit } erlaubten, und zu keinem Zeitpunkt warteten weniger als { $waiting } Anfragen.

# What the checks of capacity say. de/doctor/capacity.ftl holds the same keys in the same order.

capacity-burst = { $upstream } answered one request alone in { $alone } s; of { $requests } at once it answered { $good } well, after these seconds: { $times }.
capacity-workers = The answers come in steps; requests that seem to be worked on at a time: { $workers }.
capacity-queue-full = { $waiting } connections wait to be accepted at { $place }, which has room for { $limit }; it was full in each of { $looks } looks.
capacity-queue-drops = Meanwhile this machine dropped { $dropped } connections because a queue was full.
capacity-php-fpm = The pool { $pool } has { $workers } workers running, of { $limit } allowed, and at no moment fewer than { $waiting } requests were waiting.

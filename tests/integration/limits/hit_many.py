"""Ask for COUNT requests at once under one caller's LIMIT, and print what remained after each that passed.

python hit_many.py URL COUNT LIMIT
"""

import sys
from datetime import timedelta

from spike_core.domain.rate_limits import RateLimit, RateLimitGroup
from spike_limits.redis_plugin import open_redis

url, count, limit = sys.argv[1:]
limiter = open_redis(url)
rate = RateLimit(bucket=RateLimitGroup.ENHANCE, limit=int(limit), window=timedelta(minutes=15))
allowances = [limiter.hit("ada", rate) for _ in range(int(count))]
sys.stdout.write(" ".join(str(allowance.remaining) for allowance in allowances if not allowance.is_exceeded))

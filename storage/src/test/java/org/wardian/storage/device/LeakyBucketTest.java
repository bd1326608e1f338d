package org.wardian.storage.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Limits over time, by a clock of the test's own. */
class LeakyBucketTest {
  private static final long SECOND = 1_000_000_000L;

  /** Units that pass in a time, asked for one by one as early as the bucket lets them. */
  private static long passed(LeakyBucket bucket, long from, long until, long unit) {
    long now = from;
    long units = 0;
    while (true) {
      now += bucket.delay(now);
      if (now >= until) {
        return units;
      }
      bucket.use(unit);
      units += unit;
    }
  }

  @Test
  void theLongRunIsTheLimit() {
    LeakyBucket bucket = new LeakyBucket(RateLimit.of(1000), 0);
    assertThat(passed(bucket, 0, 100 * SECOND, 1)).isBetween(100_000L, 100_200L);
  }

  @Test
  void aRequestLargerThanTheBucketPassesAndIsPaidForLater() {
    LeakyBucket bucket = new LeakyBucket(RateLimit.of(1000), 0);
    assertThat(bucket.delay(0)).isZero();
    bucket.use(5000);
    assertThat(bucket.delay(0)).isBetween(4 * SECOND, 5 * SECOND);
    assertThat(bucket.delay(5 * SECOND)).isZero();
  }

  @Test
  void burstsGoFasterForTheirTime() {
    LeakyBucket bucket = new LeakyBucket(new RateLimit(100, 1000, 5), 0);
    long first = passed(bucket, 0, SECOND, 1);
    assertThat(first).isBetween(950L, 1150L);
    long rest = passed(bucket, SECOND, 60 * SECOND, 1);
    // The bucket of 5 seconds of bursts, and the limit for the whole time.
    assertThat(first + rest).isBetween(10_800L, 11_200L);
    assertThat(passed(bucket, 60 * SECOND, 70 * SECOND, 1)).isBetween(990L, 1010L);
  }

  @Test
  void impossibleLimitsAreRefused() {
    assertThatThrownBy(() -> new RateLimit(-1, 0, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RateLimit(100, 50, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RateLimit(0, 50, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RateLimit(10, 50, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}

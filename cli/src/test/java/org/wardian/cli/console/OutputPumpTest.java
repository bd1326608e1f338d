package org.wardian.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OutputPumpTest {
  @Test
  void everyByteArrivesInOrder() {
    byte[] sent = new byte[1 << 20];
    new Random(1).nextBytes(sent);
    ByteArrayOutputStream received = new ByteArrayOutputStream();

    try (OutputPump pump = new OutputPump(received, reason -> {})) {
      pump.start();
      for (byte b : sent) {
        pump.put(b);
      }
      assertThat(pump.last()).isEqualTo(sent[sent.length - 1]);
    }

    assertThat(received.toByteArray()).isEqualTo(sent);
  }

  @Test
  void aReaderThatLeavesStopsNobody() throws Exception {
    OutputStream closed = OutputStream.nullOutputStream();
    closed.close();
    CountDownLatch lost = new CountDownLatch(1);

    try (OutputPump pump = new OutputPump(closed, reason -> lost.countDown())) {
      pump.start();
      for (int i = 0; i < 1 << 18; i++) {
        pump.put((byte) i);
      }
      assertThat(lost.await(120, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aReaderThatIsStuckDoesNotKeepAMachineThatStops() throws Exception {
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    OutputStream blocking =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            stuck.countDown();
            try {
              release.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
          }
        };
    OutputPump pump = new OutputPump(blocking, reason -> {});
    pump.start();
    Thread guest =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; i < 1 << 18; i++) {
                pump.put((byte) i);
              }
            });

    assertThat(stuck.await(120, TimeUnit.SECONDS)).isTrue();
    pump.hurry();
    assertThat(guest.join(Duration.ofSeconds(120))).isTrue();
    release.countDown();
    pump.close();
  }
}

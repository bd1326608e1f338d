package org.wardian.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.wardian.cli.console.ConsoleSession.Ending;

class ConsoleSessionTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final LinkedBlockingQueue<String> typed = new LinkedBlockingQueue<>();
  private final CountDownLatch stopped = new CountDownLatch(1);

  private ConsoleSession session(InputStream in, OutputStream to, Optional<ConsoleScript> script) {
    ConsoleSession session = new ConsoleSession(in, to, Optional.empty(), script);
    session.start(
        keys -> typed.add(new String(keys, StandardCharsets.UTF_8)),
        new MachineControls() {
          @Override
          public void stop() {
            stopped.countDown();
          }

          @Override
          public void pressPowerButton() {
            typed.add("power");
          }

          @Override
          public String information() {
            return "well\n";
          }
        });
    return session;
  }

  private static void print(ConsoleSession session, String text) {
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      session.put(b);
    }
  }

  private String nextTyped() throws InterruptedException {
    return typed.poll(120, TimeUnit.SECONDS);
  }

  @Test
  void aPipeIsTypedAsItIsAndItsEndEndsNothing() throws Exception {
    InputStream in = new ByteArrayInputStream("a\u0001x\n".getBytes(StandardCharsets.UTF_8));

    try (ConsoleSession session = session(in, out, Optional.empty())) {
      assertThat(nextTyped()).isEqualTo("a\u0001x\n");
      print(session, "still here\r\n");
      assertThat(session.ending()).isEmpty();
    }

    assertThat(out).hasToString("still here\r\n");
  }

  @Test
  void aClosedInputEndsNothing() throws Exception {
    InputStream closed = InputStream.nullInputStream();
    closed.close();

    try (ConsoleSession session = session(closed, out, Optional.empty())) {
      print(session, "still here\r\n");
      assertThat(session.ending()).isEmpty();
    }

    assertThat(out).hasToString("still here\r\n");
  }

  @Test
  void aScriptIsTypedWhenTheGuestAsks() throws Exception {
    try (ConsoleSession session =
        session(InputStream.nullInputStream(), out, Optional.of(ConsoleScript.of("id")))) {
      print(session, "/ # ");
      assertThat(nextTyped()).isEqualTo("id\r");
      print(session, "id\r\nuid=0\r\n/ # ");
      assertThat(nextTyped()).isEqualTo("poweroff\r");
    }

    assertThat(out).hasToString("/ # id\r\nuid=0\r\n/ # ");
  }

  @Test
  void anOutputThatNobodyReadsStopsTheMachine() throws Exception {
    OutputStream closed = OutputStream.nullOutputStream();
    closed.close();

    try (ConsoleSession session =
        session(InputStream.nullInputStream(), closed, Optional.empty())) {
      print(session, "hello");
      assertThat(stopped.await(120, TimeUnit.SECONDS)).isTrue();
      assertThat(session.ending()).contains(Ending.OUTPUT_FAILED);
      assertThat(session.outputFailure()).isEqualTo("Stream closed");
    }
  }
}

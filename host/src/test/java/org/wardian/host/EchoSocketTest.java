package org.wardian.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EchoSocketTest {
  private static EchoSocket open(boolean v4) {
    assumeTrue(Libc.LINUX);
    try {
      return EchoSocket.open(v4);
    } catch (HostException e) {
      assumeTrue(false, e.getMessage());
      throw e;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void thisHostAnswers(boolean v4) {
    byte[] loopback = new byte[v4 ? 4 : 16];
    loopback[0] = (byte) (v4 ? 127 : 0);
    loopback[loopback.length - 1] = 1;
    byte[] payload = new byte[1001];
    payload[1000] = 42;
    try (EchoSocket socket = open(v4)) {
      for (int i = 0; i < 3; i++) {
        try {
          socket.send(loopback, 500 + i, payload, 0, payload.length, 64);
        } catch (HostException e) {
          assumeTrue(v4, "this host has no IPv6: " + e.getMessage());
          throw e;
        }
        byte[] got = new byte[2000];
        EchoSocket.Reply reply = socket.receive(got);
        assertThat(reply.sequence()).isEqualTo(500 + i);
        assertThat(reply.from()).isEqualTo(loopback);
        assertThat(reply.length()).isEqualTo(payload.length);
        assertThat(got[1000]).isEqualTo((byte) 42);
      }
    }
  }

  @Test
  void whoReceivesEndsWhenItIsClosed() throws InterruptedException {
    EchoSocket socket = open(true);
    EchoSocket.Reply[] reply = {new EchoSocket.Reply(new byte[4], 0, 0)};
    Thread receiver = Thread.ofPlatform().start(() -> reply[0] = socket.receive(new byte[100]));
    socket.close();
    receiver.join();
    assertThat(reply[0]).isNull();
  }

  @Test
  void aTapInterfaceWithoutANameIsRefused() {
    assumeTrue(Libc.LINUX);
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> TapDevice.open("").close())
        .withMessageContaining("no name of an interface");
  }
}

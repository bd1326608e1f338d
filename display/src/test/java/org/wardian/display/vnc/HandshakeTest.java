package org.wardian.display.vnc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.display.PaintedScreen;

/** Versions and passwords. Encryption is {@link RealViewersTest}'s. */
@Timeout(600)
class HandshakeTest {
  private static final VncPassword PASSWORD = VncPassword.of("s3cret!!");

  private VncServer server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private ScriptedViewer connect(VncPassword password) throws IOException {
    if (server == null) {
      VncOptions options = VncOptions.at(VncAddress.parse("127.0.0.1::0"));
      server =
          VncServer.listen(
              password == null ? options : options.withPassword(password),
              PaintedScreen.pattern(64, 48),
              (code, down) -> {},
              (x, y, width, height, buttons, wheel) -> {});
    }
    return ScriptedViewer.connect(server);
  }

  private static void look(ScriptedViewer viewer) throws IOException {
    viewer.initialise(true);
    assertThat(viewer.width).isEqualTo(64);
    viewer.encodings(0);
    viewer.request(false);
    assertThat(viewer.update()).isPositive();
  }

  @ParameterizedTest
  @CsvSource({"003.003", "003.005", "003.004"})
  void theServerDecidesInVersion33(String version) throws IOException {
    try (ScriptedViewer viewer = connect(null)) {
      assertThat(viewer.version("RFB " + version + "\n")).isEqualTo("RFB 003.008\n");
      assertThat(viewer.in.readInt()).isEqualTo(1);
      look(viewer);
    }
  }

  @Test
  void version37HasNoResultWithoutPassword() throws IOException {
    try (ScriptedViewer viewer = connect(null)) {
      viewer.version("RFB 003.007\n");
      viewer.chooseSecurity(1);
      look(viewer);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"003.008", "003.889", "004.000"})
  void laterVersionsAre38(String version) throws IOException {
    try (ScriptedViewer viewer = connect(null)) {
      viewer.version("RFB " + version + "\n");
      viewer.chooseSecurity(1);
      assertThat(viewer.in.readInt()).isZero();
      look(viewer);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"RFB 003.002\n", "RFB 002.009\n", "RFB 003.00x\n", "GET / HTTP/1.1\r\n", "\n\n\n"})
  void whatIsNoVersionEndsTheConnection(String version) throws IOException {
    try (ScriptedViewer viewer = connect(null)) {
      viewer.version(version + " ".repeat(12));
      assertThat(viewer.ended()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 7, 8})
  void aPasswordIsAskedFor(int version) throws IOException {
    try (ScriptedViewer viewer = connect(PASSWORD)) {
      begin(viewer, version);
      byte[] challenge = viewer.in.readNBytes(16);
      viewer.out.write(PASSWORD.response(challenge));
      assertThat(viewer.in.readInt()).isZero();
      look(viewer);
    }
  }

  private static void begin(ScriptedViewer viewer, int version) throws IOException {
    viewer.version("RFB 003.00%d\n".formatted(version));
    if (version == 3) {
      assertThat(viewer.in.readInt()).isEqualTo(2);
    } else {
      viewer.chooseSecurity(2);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 7, 8})
  void aWrongPasswordIsRefused(int version) throws IOException {
    try (ScriptedViewer viewer = connect(PASSWORD)) {
      begin(viewer, version);
      byte[] challenge = viewer.in.readNBytes(16);
      viewer.out.write(VncPassword.of("s3cret!?").response(challenge));
      assertThat(viewer.in.readInt()).isEqualTo(1);
      if (version == 8) {
        assertThat(viewer.reason()).isEqualTo("wrong password");
      }
      assertThat(viewer.ended()).isTrue();
    }
  }

  /** What a viewer is told that answers a challenge by a password: 0 is welcome. */
  private int answer(VncPassword password) throws IOException {
    try (ScriptedViewer viewer = connect(PASSWORD)) {
      begin(viewer, 8);
      viewer.out.write(password.response(viewer.in.readNBytes(16)));
      return viewer.in.readInt();
    }
  }

  @Test
  void thePasswordChangesWhileItIsServed() throws IOException {
    VncPassword other = VncPassword.of("another");
    try (ScriptedViewer looking = connect(PASSWORD);
        ScriptedViewer halfway = connect(PASSWORD)) {
      begin(looking, 8);
      looking.out.write(PASSWORD.response(looking.in.readNBytes(16)));
      assertThat(looking.in.readInt()).isZero();
      looking.initialise(true);
      begin(halfway, 8);
      final byte[] challenge = halfway.in.readNBytes(16);
      server.setPassword(other);
      // Who looks goes on; the old password is worth nothing any more, whenever it was asked for.
      looking.encodings(0);
      looking.request(false);
      assertThat(looking.update()).isPositive();
      assertThat(halfway.ended()).isTrue();
      assertThat(challenge).hasSize(16);
      assertThat(answer(PASSWORD)).isEqualTo(1);
      assertThat(answer(other)).isZero();
    }
    server.setPassword(other.until(Instant.now().minusSeconds(1)));
    assertThat(answer(other)).isEqualTo(1);
    server.setPassword(other.until(Instant.now().plusSeconds(100_000)));
    assertThat(answer(other)).isZero();
    server.setPassword(VncPassword.refusing());
    assertThat(answer(VncPassword.refusing())).isEqualTo(1);
  }

  @Test
  void aServerWithoutPasswordGetsNone() throws IOException {
    connect(null).close();
    assertThatThrownBy(() -> server.setPassword(PASSWORD))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void securityThatWasNotOfferedIsRefused() throws IOException {
    try (ScriptedViewer viewer = connect(PASSWORD)) {
      viewer.version("RFB 003.008\n");
      viewer.chooseSecurity(1);
      assertThat(viewer.in.readInt()).isEqualTo(1);
      assertThat(viewer.reason()).contains("not offered");
      assertThat(viewer.ended()).isTrue();
    }
  }

  @Test
  void whoGuessesMustWait() throws IOException {
    for (int i = 0; i < 5; i++) {
      try (ScriptedViewer viewer = connect(PASSWORD)) {
        begin(viewer, 8);
        viewer.in.readNBytes(16);
        viewer.out.write(new byte[16]);
        assertThat(viewer.in.readInt()).isEqualTo(1);
        assertThat(viewer.reason()).isEqualTo("wrong password");
      }
    }
    try (ScriptedViewer viewer = connect(PASSWORD)) {
      viewer.version("RFB 003.008\n");
      assertThatThrownBy(() -> viewer.chooseSecurity(2)).hasMessageContaining("try again in");
    }
  }

  @Test
  void theWaitGrowsAndARightPasswordEndsIt() {
    AtomicLong clock = new AtomicLong();
    GuessLimit limit = new GuessLimit(clock::get);
    for (int i = 0; i < 4; i++) {
      limit.wrong("a");
      assertThat(limit.wait("a")).isZero();
    }
    limit.wrong("a");
    assertThat(limit.wait("a")).isEqualTo(10);
    assertThat(limit.wait("b")).isZero();
    clock.set(10_000_000_000L);
    assertThat(limit.wait("a")).isZero();
    limit.wrong("a");
    assertThat(limit.wait("a")).isEqualTo(20);
    for (int i = 0; i < 100; i++) {
      limit.wrong("a");
    }
    assertThat(limit.wait("a")).isEqualTo(300);
    limit.right("a");
    assertThat(limit.wait("a")).isZero();
    for (int i = 0; i < 5000; i++) {
      limit.wrong("host " + i);
    }
  }

  @Test
  void theChallengeIsEncryptedAsOtherImplementationsDo() {
    // Made by another implementation: openssl enc -des-ecb -K with the bits of "password" reversed.
    byte[] challenge = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");
    assertThat(HexFormat.of().formatHex(VncPassword.of("password").response(challenge)))
        .isEqualTo("b866924125c8eebb9debc1db61c538e2");
  }

  @Test
  void passwordsThatTheProtocolCannotHaveAreRefused() {
    assertThatThrownBy(() -> VncPassword.of("123456789")).hasMessageContaining("9 bytes");
    assertThatThrownBy(() -> VncPassword.of("")).hasMessageContaining("empty");
    assertThatThrownBy(() -> VncPassword.of("a\0b")).hasMessageContaining("zero byte");
    assertThatThrownBy(() -> VncPassword.of("äöüßé")).hasMessageContaining("10 bytes");
  }
}

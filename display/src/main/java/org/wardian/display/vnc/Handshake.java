package org.wardian.display.vnc;

import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import org.wardian.display.vnc.encoding.PixelFormat;
import org.wardian.display.vnc.encoding.RfbOutput;

/**
 * Agrees with a client on version, security and sharing (RFC 6143 §7.1 to §7.3; versions 3.3, 3.7
 * and 3.8; VeNCrypt 0.2 as the RFB registry has it).
 */
final class Handshake {
  // Kinds of security.
  private static final int FAILURE = 0;
  private static final int NONE = 1;
  private static final int PASSWORD = 2;
  private static final int VENCRYPT = 19;

  // Kinds within VeNCrypt, those with a certificate; those without need TLS suites that are unsafe.
  private static final int CERTIFICATE_NONE = 260;
  private static final int CERTIFICATE_PASSWORD = 261;

  private static final int OK = 0;
  private static final int FAILED = 1;

  private static final int VERSION_LENGTH = 12;
  private static final int LONGEST_NAME = 255;

  private static final SecureRandom RANDOM = new SecureRandom();

  private final VncOptions options;
  private final GuessLimit guesses;
  private final String host;
  private final ByteChannel channel;
  private RfbInput in;
  private RfbOutput out;
  private int minor;
  private boolean shared;

  /**
   * Makes a handshake.
   *
   * @param host whose guesses of passwords are counted
   */
  Handshake(ByteChannel channel, VncOptions options, GuessLimit guesses, String host) {
    this.channel = channel;
    this.options = options;
    this.guesses = guesses;
    this.host = host;
    this.in = new RfbInput(channel);
    this.out = new RfbOutput(channel);
  }

  /** What comes from the client, within TLS where that was agreed on. */
  RfbInput input() {
    return in;
  }

  /** What goes to the client, within TLS where that was agreed on. */
  RfbOutput output() {
    return out;
  }

  /** Whether the client lets others look, too. */
  boolean shared() {
    return shared;
  }

  /**
   * Goes as far as the client's wish about sharing.
   *
   * @throws RfbException where the client is refused; it has been told
   */
  void agree() throws IOException {
    version();
    long wait = guesses.wait(host);
    if (wait > 0) {
      refuse("too many wrong passwords; try again in " + wait + " seconds");
    }
    if (minor == 3) {
      dictate();
    } else {
      offer();
    }
    shared = in.u8() != 0;
  }

  private void version() throws IOException {
    out.bytes("RFB 003.008\n".getBytes(StandardCharsets.US_ASCII));
    out.flush();
    String version = new String(in.bytes(VERSION_LENGTH), StandardCharsets.ISO_8859_1);
    if (!version.matches("RFB [0-9]{3}\\.[0-9]{3}\n")) {
      throw new RfbException("no VNC client: it does not begin with a version of the protocol");
    }
    int major = Integer.parseInt(version.substring(4, 7));
    int theirs = Integer.parseInt(version.substring(8, 11));
    if (major < 3 || major == 3 && theirs < 3) {
      throw new RfbException("version %d.%d of the protocol, before 3.3".formatted(major, theirs));
    }
    // 3.4 to 3.6 were never published, and count as 3.3 (§7.1.1).
    minor = major > 3 || theirs >= 8 ? 8 : theirs == 7 ? 7 : 3;
  }

  /** Tells the client why it gets no further, where it would expect the kinds of security. */
  private void refuse(String reason) throws IOException {
    if (minor == 3) {
      out.i32(FAILURE);
    } else {
      out.u8(FAILURE);
    }
    reason(reason);
    throw new RfbException(reason);
  }

  private void reason(String reason) throws IOException {
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    out.i32(text.length);
    out.bytes(text);
    out.flush();
  }

  /** Version 3.3: the server decides. */
  private void dictate() throws IOException {
    if (options.tls().isPresent()) {
      refuse("this server wants encryption, which needs a client of version 3.7 or later");
    }
    if (options.password().isPresent()) {
      out.i32(PASSWORD);
      out.flush();
      password();
    } else {
      out.i32(NONE);
      out.flush();
    }
  }

  private void offer() throws IOException {
    int kind =
        options.tls().isPresent() ? VENCRYPT : options.password().isPresent() ? PASSWORD : NONE;
    out.u8(1);
    out.u8(kind);
    out.flush();
    int chosen = in.u8();
    if (chosen != kind) {
      fail("security of type " + chosen + ", which was not offered");
    }
    if (kind == VENCRYPT) {
      encrypt();
    }
    if (options.password().isPresent()) {
      password();
    } else if (minor == 8 || kind == VENCRYPT) {
      out.i32(OK);
      out.flush();
    }
  }

  /** The result of the security handshake is that there is none. */
  private void fail(String reason) throws IOException {
    out.i32(FAILED);
    if (minor == 8) {
      reason(reason);
    } else {
      out.flush();
    }
    throw new RfbException(reason);
  }

  private void password() throws IOException {
    VncPassword password = options.password().orElseThrow();
    byte[] challenge = new byte[VncPassword.CHALLENGE_LENGTH];
    RANDOM.nextBytes(challenge);
    out.bytes(challenge);
    out.flush();
    byte[] response = in.bytes(VncPassword.CHALLENGE_LENGTH);
    // Again: others of the same host may have guessed since, at the same time.
    long wait = guesses.wait(host);
    if (wait > 0) {
      fail("too many wrong passwords; try again in " + wait + " seconds");
    }
    if (!password.accepts(challenge, response)) {
      guesses.wrong(host);
      fail("wrong password");
    }
    guesses.right(host);
    out.i32(OK);
    out.flush();
  }

  private void encrypt() throws IOException {
    out.u8(0);
    out.u8(2);
    out.flush();
    int major = in.u8();
    int minorVersion = in.u8();
    if (major != 0 || minorVersion != 2) {
      out.u8(0xff);
      out.flush();
      throw new RfbException("VeNCrypt %d.%d; 0.2 is served".formatted(major, minorVersion));
    }
    int kind = options.password().isPresent() ? CERTIFICATE_PASSWORD : CERTIFICATE_NONE;
    out.u8(OK);
    out.u8(1);
    out.i32(kind);
    out.flush();
    int chosen = in.i32();
    if (chosen != kind) {
      out.u8(0);
      out.flush();
      throw new RfbException("VeNCrypt of type " + chosen + ", which was not offered");
    }
    out.u8(1);
    out.flush();
    VncTls tls = options.tls().orElseThrow();
    TlsChannel encrypted = new TlsChannel(channel, tls.engine(), in.takeRest());
    encrypted.handshake();
    in = new RfbInput(encrypted);
    out = new RfbOutput(encrypted);
  }

  /** Ends the handshake: tells the client the screen's size. */
  void initialise(int width, int height) throws IOException {
    out.u16(width);
    out.u16(height);
    out.bytes(PixelFormat.SERVER.wire());
    byte[] name = options.name().getBytes(StandardCharsets.UTF_8);
    int length = Math.min(name.length, LONGEST_NAME);
    out.i32(length);
    out.bytes(name, 0, length);
    out.flush();
  }
}

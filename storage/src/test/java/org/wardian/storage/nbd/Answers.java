package org.wardian.storage.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;

/** Reads what a server said to a client of which nothing is known. */
final class Answers {
  private Answers() {}

  /** The greeting, answers to options, and those to requests as far as they tell their length. */
  static void check(byte[] said) {
    ByteBuffer bytes = ByteBuffer.wrap(said);
    assertThat(bytes.getLong()).isEqualTo(Protocol.NBDMAGIC);
    assertThat(bytes.getLong()).isEqualTo(Protocol.IHAVEOPT);
    assertThat(bytes.getShort()).isEqualTo((short) 3);
    while (bytes.remaining() >= 20 && bytes.getLong(bytes.position()) == Protocol.OPTION_REPLY) {
      int length = bytes.getInt(bytes.position() + 16);
      assertThat(length).isBetween(0, bytes.remaining() - 20);
      bytes.position(bytes.position() + 20 + length);
    }
    while (bytes.remaining() >= 4 && bytes.getInt(bytes.position()) == Protocol.STRUCTURED_REPLY) {
      int length = bytes.getInt(bytes.position() + 16);
      assertThat(length).isBetween(0, bytes.remaining() - 20);
      bytes.position(bytes.position() + 20 + length);
    }
  }
}

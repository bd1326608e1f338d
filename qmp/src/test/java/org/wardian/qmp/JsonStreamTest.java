package org.wardian.qmp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** How a stream is cut into values; what QEMU 7.2 answers to the same bytes was noted beside it. */
class JsonStreamTest {
  private final RecordedStream stream = new RecordedStream(ServerSession.MAXIMUM_MESSAGE);

  @Test
  void valuesNeedNothingBetweenThem() {
    stream.feed("{\"a\":1}[2]{'b' : \"}\\\"{\"}\n\n\"x\"  17 true ");
    assertThat(stream.record())
        .containsExactly("{\"a\":1}", "[2]", "{\"b\":\"}\\\"{\"}", "\"x\"", "17", "true");
  }

  @Test
  void aValueMayComeByteByByte() {
    String text = "{\"execute\": \"caf\u00e9\", \"n\": [-1, 2.5e3, null]}";
    for (byte next : text.getBytes(StandardCharsets.UTF_8)) {
      stream.feed(next);
    }
    assertThat(stream.record())
        .containsExactly("{\"execute\":\"caf\\u00E9\",\"n\":[-1,2500.0,null]}");
  }

  @Test
  void aStrayByteIsAnErrorAndTheNextValueIsRead() {
    stream.feed((byte) 0xff, (byte) '\n').feed("{\"a\":1}");
    assertThat(stream.record()).containsExactly("!JSON parse error, stray '\ufffd'", "{\"a\":1}");
  }

  @Test
  void aControlCharacterInAStringEndsIt() {
    // QEMU says the same two errors: the brace behind the string is one of its own.
    stream.feed("{\"execute\":\"a\nb\"}\n{\"c\":2}");
    assertThat(stream.record()).hasSize(3);
    assertThat(stream.record().get(0)).isEqualTo("!JSON parse error, stray '\"a\n'");
    assertThat(stream.record().get(1)).startsWith("!JSON parse error, ");
    assertThat(stream.record().get(2)).isEqualTo("{\"c\":2}");
  }

  @Test
  void aBraceTooManyIsAnErrorAtOnce() {
    stream.feed("}{\"a\":1}{\"a\"]{\"b\":2}");
    assertThat(stream.record()).hasSize(4);
    assertThat(stream.record().get(0)).startsWith("!JSON parse error, ");
    assertThat(stream.record().get(1)).isEqualTo("{\"a\":1}");
    assertThat(stream.record().get(2)).startsWith("!JSON parse error, ");
    assertThat(stream.record().get(3)).isEqualTo("{\"b\":2}");
  }

  @Test
  void aKeyTwiceIsAnError() {
    stream.feed("{\"id\":1,\"id\":2}{}");
    assertThat(stream.record()).hasSize(2);
    assertThat(stream.record().get(0)).startsWith("!JSON parse error, Duplicate");
    assertThat(stream.record().get(1)).isEqualTo("{}");
  }

  @Test
  void depthIsLimited() {
    stream.feed("[".repeat(1024) + "]".repeat(1024));
    assertThat(stream.record()).containsExactly("[".repeat(1024) + "]".repeat(1024));
    stream.feed("[".repeat(1025));
    assertThat(stream.record().getLast()).isEqualTo("!JSON nesting depth limit exceeded");
    stream.feed("\n{}");
    assertThat(stream.record().getLast()).isEqualTo("{}");
  }

  @Test
  void bytesOfOneValueAreLimited() {
    RecordedStream small = new RecordedStream(32);
    small.feed("{\"a\":\"" + "x".repeat(24) + "\"}");
    assertThat(small.record()).hasSize(1).allMatch(line -> line.startsWith("{"));
    small.feed("{\"a\":\"" + "x".repeat(27));
    assertThat(small.record().getLast()).isEqualTo("!JSON token size limit exceeded");
    small.feed("yyyy\n{}");
    assertThat(small.record().getLast()).isEqualTo("{}");
  }

  @Test
  void tokensOfOneValueAreLimited() {
    stream.feed("[" + "1,".repeat(JsonStream.MAXIMUM_TOKENS / 2) + "1]");
    assertThat(stream.record().getFirst()).isEqualTo("!JSON token count limit exceeded");
  }

  @Test
  void integersOf64BitsAreKept() {
    stream.feed("[18446744073709551615,-9223372036854775808,184467440737095516150]");
    assertThat(stream.record())
        .containsExactly("[18446744073709551615,-9223372036854775808,1.844674407370955E20]");
  }
}

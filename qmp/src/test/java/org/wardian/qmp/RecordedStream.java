package org.wardian.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What a stream of bytes was cut into: values as their text, errors after {@code !}. */
final class RecordedStream implements JsonStream.Receiver {
  private final List<String> record = new ArrayList<>();
  private final JsonStream stream;

  RecordedStream(int maximumBytes) {
    stream = new JsonStream(maximumBytes, this);
  }

  @Override
  public void value(JsonNode value) {
    record.add(new String(JsonTree.text(value), StandardCharsets.US_ASCII));
  }

  @Override
  public void error(String description) {
    record.add("!" + description);
  }

  RecordedStream feed(String text) {
    return feed(text.getBytes(StandardCharsets.UTF_8));
  }

  RecordedStream feed(byte... bytes) {
    stream.feed(bytes, 0, bytes.length);
    return this;
  }

  List<String> record() {
    return record;
  }
}

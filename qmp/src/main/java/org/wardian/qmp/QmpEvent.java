package org.wardian.qmp;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * Something that happened to a machine.
 *
 * @param name in capitals, such as {@code SHUTDOWN}
 * @param data its members, empty where it has none
 * @param time to the microsecond
 */
public record QmpEvent(String name, ObjectNode data, Instant time) {
  private static final int NANOSECONDS_PER_MICROSECOND = 1_000;

  /** An event of this moment. */
  public static QmpEvent now(String name, ObjectNode data) {
    return new QmpEvent(name, data, Clock.systemUTC().instant());
  }

  ObjectNode toJson() {
    ObjectNode message = JsonNodeFactory.instance.objectNode();
    message
        .putObject("timestamp")
        .put("seconds", time.getEpochSecond())
        .put("microseconds", time.getNano() / NANOSECONDS_PER_MICROSECOND);
    message.put("event", name);
    if (!data.isEmpty()) {
      message.set("data", data);
    }
    return message;
  }

  /** An event that a server sent; what it lacks is empty. */
  static QmpEvent of(ObjectNode message) {
    return new QmpEvent(
        message.path("event").asText(),
        message.path("data") instanceof ObjectNode data
            ? data
            : JsonNodeFactory.instance.objectNode(),
        Instant.EPOCH
            .plusSeconds(
                Math.clamp(message.path("timestamp").path("seconds").asLong(), 0, 1L << 33))
            .plus(
                Math.clamp(message.path("timestamp").path("microseconds").asLong(), 0, 999_999),
                ChronoUnit.MICROS));
  }
}

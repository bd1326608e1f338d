package org.wardian.daemon;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.text.MessageFormat;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.wardian.libvirt.error.LibvirtException;

/**
 * A line of the log.
 *
 * @param time when it was written
 * @param level error, warning, info or debug
 * @param logger the class that says it
 * @param message what
 * @param context about what, and for whom it is done
 * @param code of libvirt's errors; 0 where it is about none
 * @param exception what was thrown, with where; null for nothing
 */
record LogLine(
    Instant time,
    String level,
    String logger,
    String message,
    LogContext context,
    int code,
    String exception) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Of what a logger was told, by the thread that told it. */
  static LogLine of(LogRecord entry) {
    Throwable thrown = entry.getThrown();
    LogContext context = LogContext.current();
    int code = context.code();
    for (Throwable one = thrown; code == 0 && one != null; one = one.getCause()) {
      code = one instanceof LibvirtException known ? known.code() : 0;
    }
    return new LogLine(
        entry.getInstant().truncatedTo(ChronoUnit.MILLIS),
        level(entry.getLevel()),
        entry.getLoggerName(),
        message(entry),
        context,
        code,
        thrown == null ? null : trace(thrown));
  }

  private static String level(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return "error";
    }
    if (level.intValue() >= Level.WARNING.intValue()) {
      return "warning";
    }
    return level.intValue() >= Level.INFO.intValue() ? "info" : "debug";
  }

  private static String message(LogRecord entry) {
    String message = String.valueOf(entry.getMessage());
    Object[] values = entry.getParameters();
    if (values == null || values.length == 0) {
      return message;
    }
    try {
      return MessageFormat.format(message, values);
    } catch (IllegalArgumentException e) {
      return message;
    }
  }

  private static String trace(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text, true));
    return text.toString().strip();
  }

  /** As an object of JSON, on one line; what there is not has no field. */
  String json() {
    ObjectNode line = JSON.createObjectNode();
    line.put("time", time.toString());
    line.put("level", level);
    line.put("logger", logger);
    line.put("message", message);
    if (context.kind() != null) {
      ObjectNode object = line.putObject("object").put("kind", context.kind());
      if (context.name() != null) {
        object.put("name", context.name());
      }
      if (context.uuid() != null) {
        object.put("uuid", context.uuid());
      }
    }
    if (context.client() > 0) {
      line.put("client", context.client());
    }
    if (code != 0) {
      line.put("code", code);
    }
    if (exception != null) {
      line.put("exception", exception);
    }
    return line.toString();
  }

  /** For people: one line, and what was thrown below it. */
  String text() {
    StringBuilder line = new StringBuilder();
    line.append(time).append(' ').append(level).append(' ').append(logger).append(": ");
    // What others say cannot look like a line of its own.
    line.append(message.replace("\n", "\n  "));
    if (context.kind() != null) {
      line.append(" [").append(context.kind());
      line.append(context.name() == null ? "" : " " + context.name());
      line.append(context.uuid() == null ? "" : " " + context.uuid()).append(']');
    }
    line.append(context.client() > 0 ? " [client " + context.client() + "]" : "");
    line.append(code != 0 ? " [error " + code + "]" : "");
    if (exception != null) {
      line.append("\n  ").append(exception.replace("\n", "\n  "));
    }
    return line.toString();
  }
}

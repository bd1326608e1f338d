package org.wardian.daemon;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Locale;
import java.util.UUID;
import org.wardian.libvirt.xdr.XdrStruct;

/**
 * What the thread is doing, for lines of the log.
 *
 * @param kind of the object: domain, network, storage_pool, ...; null for none
 * @param name of the object; null for none
 * @param uuid of the object; null for none
 * @param client the number of the client that it is done for; 0 for none
 * @param code of libvirt's error that is told of; 0 for none
 */
public record LogContext(String kind, String name, String uuid, long client, int code) {
  private static final LogContext NONE = new LogContext(null, null, null, 0, 0);
  private static final ThreadLocal<LogContext> CURRENT = ThreadLocal.withInitial(() -> NONE);
  private static final String REFERENCE = "Ref";

  /** That of this thread. */
  static LogContext current() {
    return CURRENT.get();
  }

  /** Something that this thread does about an object, for nobody. */
  public static void about(String kind, String name, UUID uuid, Runnable action) {
    LogContext before = CURRENT.get();
    CURRENT.set(new LogContext(kind, name, uuid.toString(), before.client(), 0));
    try {
      action.run();
    } finally {
      CURRENT.set(before);
    }
  }

  /** This thread begins a call of a client. */
  static void begin(long client, XdrStruct arguments) {
    CURRENT.set(of(client, arguments, 0));
  }

  /** This thread has ended it. */
  static void end() {
    CURRENT.remove();
  }

  /** Writes a line about a call that has failed. */
  static void failed(long client, XdrStruct arguments, int code, Runnable write) {
    CURRENT.set(of(client, arguments, code));
    try {
      write.run();
    } finally {
      CURRENT.remove();
    }
  }

  /** The object among a call's arguments: the first that names one. */
  private static LogContext of(long client, XdrStruct arguments, int code) {
    if (arguments instanceof Record call) {
      for (RecordComponent part : call.getClass().getRecordComponents()) {
        String type = part.getType().getSimpleName();
        if (type.endsWith(REFERENCE) && read(part, call) instanceof Record object) {
          return new LogContext(
              kind(type.substring(0, type.length() - REFERENCE.length())),
              text(object, "name"),
              text(object, "uuid"),
              client,
              code);
        }
      }
    }
    return new LogContext(null, null, null, client, code);
  }

  /** {@code StoragePool} is {@code storage_pool}. */
  private static String kind(String type) {
    return type.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
  }

  private static String text(Record object, String field) {
    for (RecordComponent part : object.getClass().getRecordComponents()) {
      if (part.getName().equals(field)) {
        Object value = read(part, object);
        return value == null ? null : value.toString();
      }
    }
    return null;
  }

  private static Object read(RecordComponent part, Record of) {
    try {
      return part.getAccessor().invoke(of);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }
}

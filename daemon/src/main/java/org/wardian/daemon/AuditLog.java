package org.wardian.daemon;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.Writer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.CallObserver;
import org.wardian.libvirt.server.Session;
import org.wardian.libvirt.wire.Procedure;
import org.wardian.libvirt.xdr.XdrStruct;

/**
 * Who changed what, when, and whether it was done: a line of JSON for each call that a read-only
 * client could not make, and for each that was refused. It holds names and numbers only, so neither
 * passwords nor documents get into it.
 */
final class AuditLog implements CallObserver, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(AuditLog.class.getName());

  /** Bytes after which the file is renamed, and a fresh one begun. */
  private static final long MOST = 64L << 20;

  /** Texts among a call's arguments that say what it is about. */
  private static final Set<String> TELLING =
      Set.of(
          "name", "newName", "path", "disk", "device", "devName", "mac", "user", "to", "from",
          "file", "alias");

  private final ObjectMapper json = new ObjectMapper();
  private final Path file;
  private Writer out;
  private long written;

  /** Appends to a file, which only its owner may read. */
  AuditLog(Path file) throws IOException {
    this.file = file;
    open();
  }

  private void open() throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    if (!Files.exists(file)) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    written = Files.size(file);
    out = Files.newBufferedWriter(file, StandardOpenOption.APPEND);
  }

  @Override
  public void finished(
      Session session,
      Procedure<?, ?> procedure,
      XdrStruct arguments,
      LibvirtException failure,
      long nanoseconds) {
    boolean changes = procedure.readOnly() == Procedure.ReadOnly.DENIED;
    if (session.uri() == null || !changes && !isRefusal(failure)) {
      return;
    }
    ObjectNode line = json.createObjectNode();
    line.put("time", Instant.now().toString());
    line.put("action", procedure.name());
    who(session, line);
    if (arguments instanceof Record record) {
      describe(record, line);
    }
    line.put("done", failure == null);
    if (failure != null) {
      line.put("code", failure.code()).put("error", failure.getMessage());
    }
    line.put("milliseconds", nanoseconds / 1_000_000);
    append(line.toString());
  }

  private static boolean isRefusal(LibvirtException failure) {
    return failure != null
        && (failure.is(ErrorNumber.OPERATION_DENIED) || failure.is(ErrorNumber.ACCESS_DENIED));
  }

  private static void who(Session session, ObjectNode line) {
    line.put("client", session.peer().address());
    if (session.user() != null) {
      line.put("user", session.user());
    }
    if (session.peer().distinguishedName() != null) {
      line.put("certificate", session.peer().distinguishedName());
    }
    if (session.peer().credentials() != null) {
      line.put("uid", session.peer().credentials().uid());
      line.put("pid", session.peer().credentials().pid());
    }
  }

  private static void describe(Record arguments, ObjectNode line) {
    for (RecordComponent part : arguments.getClass().getRecordComponents()) {
      try {
        switch (part.getAccessor().invoke(arguments)) {
          case Record object when part.getType().getSimpleName().endsWith("Ref") ->
              describe(object, line);
          case String text when TELLING.contains(part.getName()) -> line.put(part.getName(), text);
          case UUID uuid -> line.put("uuid", uuid.toString());
          case Integer flags when part.getName().equals("flags") && flags != 0 ->
              line.put("flags", flags);
          case null, default -> {
            // Says nothing about which object it is.
          }
        }
      } catch (IllegalAccessException | InvocationTargetException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private synchronized void append(String line) {
    try {
      if (written > MOST) {
        out.close();
        Files.move(
            file,
            file.resolveSibling(file.getFileName() + ".1"),
            StandardCopyOption.REPLACE_EXISTING);
        open();
      }
      out.write(line);
      out.write('\n');
      out.flush();
      written += line.length() + 1;
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "not in " + file + ": " + line, e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      out.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, file + " cannot be closed", e);
    }
  }
}

package org.wardian.machine.state;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * What a saved machine was started from. Its memory holds the kernel: these files are needed again
 * only where the guest resets itself, and are the same files only if their checksums say so.
 *
 * @param guest the catalogue's name of it, or an empty text
 * @param kernel a file of the user's, if it was one
 * @param initrd as well
 * @param commandLine the kernel's; empty where firmware started it
 * @param enclosures small files that go with the machine and are in the state themselves, by name
 */
public record Origin(
    String guest,
    Optional<OriginFile> kernel,
    Optional<OriginFile> initrd,
    String commandLine,
    SortedMap<String, byte[]> enclosures) {
  /** Nothing that is known. */
  public static final Origin NONE =
      new Origin("", Optional.empty(), Optional.empty(), "", Collections.emptySortedMap());

  private static final String NAME = "origin";
  private static final int VERSION = 1;
  private static final int MOST_ENCLOSURES = 16;
  private static final int MOST_BYTES = 16 << 20;
  private static final int LONGEST_COMMAND_LINE = 1 << 16;

  /** Checks sizes; copies the map. */
  public Origin {
    enclosures = Collections.unmodifiableSortedMap(new TreeMap<>(enclosures));
    long sum = enclosures.values().stream().mapToLong(content -> content.length).sum();
    if (enclosures.size() > MOST_ENCLOSURES || sum > MOST_BYTES) {
      throw new IllegalArgumentException(
          "a saved machine takes up to %d enclosures of %d MiB in all"
              .formatted(MOST_ENCLOSURES, MOST_BYTES >> 20));
    }
    if (commandLine.length() >= LONGEST_COMMAND_LINE / 3) {
      throw new IllegalArgumentException(
          "a command line of " + commandLine.length() + " characters");
    }
    if (!guest.matches("[\\w.:+-]{0,100}")) {
      throw new IllegalArgumentException("a guest's name that is none");
    }
  }

  /** The same with other enclosures. */
  public Origin with(Map<String, byte[]> other) {
    return new Origin(guest, kernel, initrd, commandLine, new TreeMap<>(other));
  }

  /** An enclosed file, if there is one of that name. */
  public Optional<byte[]> enclosure(String name) {
    return Optional.ofNullable(enclosures.get(name));
  }

  void save(StateWriter out) {
    out.begin(NAME, VERSION);
    out.writeString(guest);
    save(kernel, out);
    save(initrd, out);
    out.writeString(commandLine);
    out.writeInt(enclosures.size());
    enclosures.forEach((name, content) -> {
      out.writeString(name);
      out.writeBytes(content);
    });
    out.end();
  }

  private static void save(Optional<OriginFile> file, StateWriter out) {
    out.writeBoolean(file.isPresent());
    file.ifPresent(it -> it.save(out));
  }

  static Origin load(StateReader in) {
    in.begin(NAME, VERSION);
    String guest = in.readString();
    Optional<OriginFile> kernel = loadFile(in);
    Optional<OriginFile> initrd = loadFile(in);
    String commandLine = in.readString();
    SortedMap<String, byte[]> enclosures = new TreeMap<>();
    for (int left = in.readInt(0, MOST_ENCLOSURES); left > 0; left--) {
      enclosures.put(in.readString(), in.readBytes());
    }
    in.end();
    try {
      return new Origin(guest, kernel, initrd, commandLine, enclosures);
    } catch (IllegalArgumentException e) {
      throw new StateException(e.getMessage());
    }
  }

  private static Optional<OriginFile> loadFile(StateReader in) {
    return in.readBoolean() ? Optional.of(OriginFile.load(in)) : Optional.empty();
  }
}

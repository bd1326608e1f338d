package org.wardian.machine.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.machine.state.StateHeader.Section;

/**
 * A saved machine, opened. What it says is believed no more than a guest: every record is checked
 * by its checksum first, and by its reader after. The memory is checked where it is copied, or by
 * {@link #verify}; where it is mapped, it is not looked at before the guest does.
 *
 * <p>It may be closed once a machine has been built from it.
 */
public final class SavedState implements AutoCloseable {
  private final StateSource source;
  private final StateHeader header;
  private final MachineDescription description;
  private final List<DiskMark> disks;
  private final SavedMemory memory;

  private SavedState(StateSource source) throws IOException {
    this.source = source;
    long size = source.size();
    if (size < StateHeader.LENGTH) {
      throw new StateFileException(source.name() + " is no saved machine");
    }
    ByteBuffer first = ByteBuffer.allocate(StateHeader.LENGTH);
    source.read(0, first);
    header = StateHeader.of(first.flip(), size, source.name());
    description = read(header.description(), "description", MachineDescription::load);
    disks =
        header.disks().length() == 0
            ? List.of()
            : read(header.disks(), "record of disks", DiskMark::load);
    memory =
        new SavedMemory(
            source,
            header.sparse(),
            header.memory(),
            read(header.index(), "index of memory", RegionIndex::load));
  }

  /**
   * Opens a file.
   *
   * @throws StateFileException where it is no saved machine, or damaged
   * @throws IOException where it cannot be read
   */
  public static SavedState open(Path path) throws IOException {
    if (!Files.isRegularFile(path) && Files.exists(path)) {
      throw new StateFileException(path + " is no file");
    }
    return open(new FileSource(path));
  }

  /**
   * Opens a state that lies elsewhere.
   *
   * @param source taken over, and closed where this fails
   */
  public static SavedState open(StateSource source) throws IOException {
    try {
      return new SavedState(source);
    } catch (IOException | RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private byte[] read(Section section, String what) throws IOException {
    byte[] content = new byte[Math.toIntExact(section.length())];
    source.read(section.offset(), ByteBuffer.wrap(content));
    if (StateHeader.checksum(content) != section.checksum()) {
      throw new StateFileException(
          source.name() + " is damaged: the checksum of its " + what + " is wrong");
    }
    return content;
  }

  private <T> T read(Section section, String what, Function<StateReader, T> reader)
      throws IOException {
    StateReader in = new StateReader(read(section, what));
    try {
      T result = reader.apply(in);
      in.finish();
      return result;
    } catch (StateException e) {
      throw damaged(what, e);
    }
  }

  private StateFileException damaged(String what, RuntimeException cause) {
    return new StateFileException(
        source.name() + " is damaged: its " + what + ": " + cause.getMessage(), cause);
  }

  /** For messages. */
  public String name() {
    return source.name();
  }

  /** What machine it is. */
  public MachineDescription description() {
    return description;
  }

  /** What its disks were; none where they are kept with it. */
  public List<DiskMark> disks() {
    return disks;
  }

  /** Its memory. */
  public SavedMemory memory() {
    return memory;
  }

  /**
   * The records of its devices.
   *
   * @throws StateFileException where they are damaged
   */
  public byte[] devices() throws IOException {
    return read(header.devices(), "record of devices");
  }

  /**
   * Reads all of it and compares the checksums.
   *
   * @throws StateFileException where one is wrong
   */
  public void verify() throws IOException {
    devices();
    memory.verify();
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}

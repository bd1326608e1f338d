package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/**
 * A saved domain: the file that the machine wrote, which does not care for what follows, and behind
 * it the document, the state to go on in, and the length of both. From the end: magic (8 bytes),
 * length of the document (4), state (4: 1 running, 2 paused), then backwards the document.
 *
 * @param document with what the machine had
 * @param paused whether it goes on paused
 */
record SaveImage(DomainDocument document, boolean paused) {
  /** "WARDDOM1". */
  private static final long MAGIC = 0x5741_5244_444F_4D31L;

  private static final int END = 16;
  private static final int MOST_DOCUMENT = 16 << 20;
  private static final int RUNNING = 1;
  private static final int PAUSED = 2;

  /** Puts the document behind what the machine wrote, or in the place of the one that is there. */
  void write(Path file) throws LibvirtException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long end = channel.size() - trailer(channel);
      byte[] xml = document.toString().getBytes(StandardCharsets.UTF_8);
      ByteBuffer bytes = ByteBuffer.allocate(xml.length + END);
      bytes.put(xml).putInt(paused ? PAUSED : RUNNING).putInt(xml.length).putLong(MAGIC).flip();
      channel.position(end);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.truncate(channel.position());
      channel.force(true);
    } catch (IOException e) {
      throw Refusal.system("cannot write the document into " + file + ": " + e.getMessage(), e);
    }
  }

  /** Bytes of what was put behind the machine's; 0 where there is none. */
  private static long trailer(FileChannel channel) throws IOException {
    ByteBuffer end = end(channel);
    if (end == null) {
      return 0;
    }
    end.getInt();
    return END + (long) end.getInt();
  }

  /** The last bytes; null where they are not ours. */
  private static ByteBuffer end(FileChannel channel) throws IOException {
    long size = channel.size();
    if (size < END) {
      return null;
    }
    ByteBuffer end = ByteBuffer.allocate(END);
    channel.read(end, size - END);
    end.flip();
    int length = end.getInt(4);
    boolean ours =
        end.getLong(8) == MAGIC && length >= 0 && length <= Math.min(MOST_DOCUMENT, size - END);
    return ours ? end : null;
  }

  /**
   * Reads a file's document.
   *
   * @throws LibvirtException where the file is not there, or no saved domain
   */
  static SaveImage read(Path file) throws LibvirtException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer end = end(channel);
      if (end == null) {
        throw new LibvirtException(
            ErrorNumber.OPERATION_FAILED, ErrorDomain.QEMU, "image magic is incorrect");
      }
      boolean paused = end.getInt() == PAUSED;
      byte[] xml = new byte[end.getInt()];
      channel.read(ByteBuffer.wrap(xml), channel.size() - END - xml.length);
      return new SaveImage(DomainDocument.read(new String(xml, StandardCharsets.UTF_8)), paused);
    } catch (NoSuchFileException e) {
      throw Refusal.system("Failed to open file '" + file + "': No such file or directory", e);
    } catch (XmlException e) {
      throw DomainXml.error(e, "(domain_definition)");
    } catch (IOException e) {
      throw Refusal.system("Failed to open file '" + file + "': " + e.getMessage(), e);
    }
  }
}

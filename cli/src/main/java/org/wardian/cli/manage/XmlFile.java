package org.wardian.cli.manage;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.cli.StandardInput;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/** Descriptions that the user gives, and that daemons send. */
final class XmlFile {
  private XmlFile() {}

  /**
   * The text of a file, or of standard input for {@code -}.
   *
   * @throws Failure where it is longer than a daemon takes
   */
  static String read(Path file) throws IOException {
    byte[] bytes;
    try (InputStream in =
        file.toString().equals("-") ? StandardInput.open() : Files.newInputStream(file)) {
      bytes = in.readNBytes(XmlReader.MOST_CHARACTERS + 1);
    }
    if (bytes.length > XmlReader.MOST_CHARACTERS) {
      throw new Failure(
          ExitStatus.USAGE,
          file
              + " is longer than the "
              + (XmlReader.MOST_CHARACTERS >> 20)
              + " MiB that daemons take");
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /**
   * What a daemon sent, as elements.
   *
   * @throws Failure where it is no document
   */
  static XmlElement parse(String what, String xml) {
    try {
      return XmlReader.read(xml);
    } catch (XmlException e) {
      throw new Failure(
          ExitStatus.REFUSED, what + ": the daemon's XML is not understood: " + e.getMessage(), e);
    }
  }
}

package org.wardian.storage.imports;

import java.io.StringReader;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * What an appliance's description says of its disks (DSP0243, OVF 2.1, §7.1 'References' and §9.1
 * 'DiskSection').
 *
 * @param files by their identifiers
 * @param disks in order
 */
record OvfDescription(Map<String, File> files, List<Disk> disks) {
  private static final int MOST_ELEMENTS = 100_000;
  private static final int MOST_DISKS = 256;
  private static final Pattern UNITS =
      Pattern.compile("byte\\s*\\*\\s*(2|10)\\s*\\^\\s*(\\d{1,2})");

  /**
   * A file of the appliance.
   *
   * @param reference its name
   * @param compression {@code gzip}, {@code identity} or empty
   * @param chunked whether it is cut into several files
   */
  record File(String reference, String compression, boolean chunked) {}

  /**
   * A disk.
   *
   * @param file the identifier of its file, empty where it has none yet
   * @param capacity bytes, or -1 where it is not said in a known way
   */
  record Disk(String identifier, String file, long capacity) {}

  /** Reads the XML; entities and document types are refused. */
  static OvfDescription parse(String name, byte[] xml) throws ImportException {
    XMLInputFactory factory = XMLInputFactory.newFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    Map<String, File> files = new LinkedHashMap<>();
    List<Disk> disks = new ArrayList<>();
    try {
      XMLStreamReader reader = factory.createXMLStreamReader(new StringReader(text(name, xml)));
      for (int elements = 0; reader.hasNext(); ) {
        if (reader.next() != XMLStreamConstants.START_ELEMENT) {
          continue;
        }
        if (++elements > MOST_ELEMENTS || disks.size() > MOST_DISKS || files.size() > MOST_DISKS) {
          throw new ImportException(name, "describes more than an appliance can have");
        }
        switch (reader.getLocalName()) {
          case "File" ->
              files.put(
                  attribute(reader, "id"),
                  new File(
                      attribute(reader, "href"),
                      attribute(reader, "compression"),
                      !attribute(reader, "chunkSize").isEmpty()));
          case "Disk" ->
              disks.add(
                  new Disk(
                      attribute(reader, "diskId"),
                      attribute(reader, "fileRef"),
                      capacity(
                          attribute(reader, "capacity"),
                          attribute(reader, "capacityAllocationUnits"))));
          default -> {
            // The rest describes the machine.
          }
        }
      }
    } catch (XMLStreamException | RuntimeException e) {
      // The reader of the JDK also fails with unchecked exceptions on some malformed input.
      throw new ImportException(name, "is no well-formed XML: " + e.getMessage());
    }
    return new OvfDescription(files, disks);
  }

  /** Decoded here, because the reader reports bytes that are no characters on standard error. */
  private static String text(String name, byte[] xml) throws ImportException {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(xml)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new ImportException(name, "is not in UTF-8");
    }
  }

  /** With OVF's namespace or, as some write, with none. */
  private static String attribute(XMLStreamReader reader, String wanted) {
    for (int i = 0; i < reader.getAttributeCount(); i++) {
      if (reader.getAttributeLocalName(i).equals(wanted)) {
        return reader.getAttributeValue(i);
      }
    }
    return "";
  }

  private static long capacity(String number, String units) {
    BigInteger unit = BigInteger.ONE;
    Matcher matcher = UNITS.matcher(units);
    if (matcher.matches()) {
      unit = new BigInteger(matcher.group(1)).pow(Integer.parseInt(matcher.group(2)));
    } else if (!units.isEmpty() && !units.equals("byte")) {
      return -1;
    }
    if (!number.matches("\\d{1,19}")) {
      return -1;
    }
    BigInteger bytes = new BigInteger(number).multiply(unit);
    return bytes.bitLength() > 62 ? -1 : bytes.longValue();
  }
}

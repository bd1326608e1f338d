package org.wardian.definition.capabilities;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/** What a host's firmware says of it: {@code <sysinfo>}. */
public final class SystemInformation {
  /** Where Linux shows the strings of SMBIOS. */
  public static final Path FOLDER = Path.of("/sys/class/dmi/id");

  private static final List<Map.Entry<String, List<Map.Entry<String, String>>>> TABLES =
      List.of(
          Map.entry(
              "bios",
              List.of(
                  Map.entry("vendor", "bios_vendor"),
                  Map.entry("version", "bios_version"),
                  Map.entry("date", "bios_date"),
                  Map.entry("release", "bios_release"))),
          Map.entry(
              "system",
              List.of(
                  Map.entry("manufacturer", "sys_vendor"),
                  Map.entry("product", "product_name"),
                  Map.entry("version", "product_version"),
                  Map.entry("serial", "product_serial"),
                  Map.entry("uuid", "product_uuid"),
                  Map.entry("sku", "product_sku"),
                  Map.entry("family", "product_family"))),
          Map.entry(
              "baseBoard",
              List.of(
                  Map.entry("manufacturer", "board_vendor"),
                  Map.entry("product", "board_name"),
                  Map.entry("version", "board_version"),
                  Map.entry("serial", "board_serial"),
                  Map.entry("asset", "board_asset_tag"))),
          Map.entry(
              "chassis",
              List.of(
                  Map.entry("manufacturer", "chassis_vendor"),
                  Map.entry("version", "chassis_version"),
                  Map.entry("serial", "chassis_serial"),
                  Map.entry("asset", "chassis_asset_tag"))));

  private SystemInformation() {}

  /**
   * The document.
   *
   * @param folder with a file for each string, such as {@link #FOLDER}
   * @throws XmlException where the host does not say anything
   */
  public static String write(Path folder) throws XmlException {
    XmlElement root = new XmlElement("sysinfo").set("type", "smbios");
    for (Map.Entry<String, List<Map.Entry<String, String>>> table : TABLES) {
      XmlElement element = new XmlElement(table.getKey());
      for (Map.Entry<String, String> entry : table.getValue()) {
        String text = read(folder.resolve(entry.getValue()));
        if (!text.isEmpty()) {
          element.append("entry").set("name", entry.getKey()).text(text);
        }
      }
      if (!element.children().isEmpty()) {
        root.add(element);
      }
    }
    if (root.children().isEmpty()) {
      throw XmlException.unsupported("Host SMBIOS information is not available");
    }
    return root.toString();
  }

  private static String read(Path file) {
    try {
      return Files.isReadable(file) ? Files.readString(file).strip() : "";
    } catch (IOException e) {
      // A string that may not be read is one that is not there.
      return "";
    }
  }
}

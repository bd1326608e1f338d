package org.wardian.storage.imports;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * How a differencing VHDX names its parent ([MS-VHDX] §2.6.2.6).
 *
 * @param linkages the data identifiers that the parent may have
 * @param paths in the order in which they are to be tried
 */
record VhdxParent(List<UUID> linkages, List<String> paths) {
  private static final UUID VHDX_LOCATOR = UUID.fromString("b04aefb7-d19e-4a81-b789-25b8e9445913");

  static VhdxParent parse(String name, ByteBuffer item) throws ImportException {
    if (item == null || item.limit() < 20 || !Guid.read(item, 0).equals(VHDX_LOCATOR)) {
      throw new ImportException(name, "is a difference, but says not in a known way to what");
    }
    int count = Short.toUnsignedInt(item.getShort(18));
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < count && 20 + (i + 1) * 12 <= item.limit(); i++) {
      int at = 20 + i * 12;
      values.put(
          text(name, item, item.getInt(at), item.getShort(at + 8)),
          text(name, item, item.getInt(at + 4), item.getShort(at + 10)));
    }
    List<UUID> linkages = new ArrayList<>();
    for (String key : List.of("parent_linkage", "parent_linkage2")) {
      UUID identifier = Guid.parse(values.getOrDefault(key, ""));
      if (!identifier.equals(Guid.NONE)) {
        linkages.add(identifier);
      }
    }
    List<String> paths = new ArrayList<>();
    for (String key : List.of("relative_path", "volume_path", "absolute_win32_path")) {
      String path = values.getOrDefault(key, "");
      if (!path.isEmpty()) {
        paths.add(path);
      }
    }
    return new VhdxParent(linkages, paths);
  }

  private static String text(String name, ByteBuffer item, int offset, short length)
      throws ImportException {
    int bytes = Short.toUnsignedInt(length);
    if (offset < 0 || offset > item.limit() - bytes) {
      throw new ImportException(name, "has a parent locator that leaves its item: it is damaged");
    }
    return StandardCharsets.UTF_16LE.decode(item.slice(offset, bytes)).toString();
  }
}

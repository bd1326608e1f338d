package org.wardian.boot.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.wardian.boot.LowMemory;

/** Finds the tables as a guest does: from the root pointer through XSDT and FADT. */
final class WrittenTables {

  private final ByteBuffer area;
  private final Map<String, ByteBuffer> tables = new LinkedHashMap<>();

  WrittenTables(byte[] bytes) {
    area = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer xsdt = add(area.getLong(24));
    for (int at = 36; at < xsdt.limit(); at += 8) {
      add(xsdt.getLong(at));
    }
    ByteBuffer fadt = table("FACP");
    add(fadt.getInt(36));
    add(fadt.getLong(140));
  }

  private ByteBuffer add(long address) {
    int at = (int) (address - LowMemory.ACPI_TABLES);
    ByteBuffer table = area.slice(at, area.getInt(at + 4)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] signature = new byte[4];
    table.get(0, signature);
    tables.put(new String(signature, StandardCharsets.US_ASCII), table);
    return table;
  }

  ByteBuffer rsdp() {
    return area.slice(0, 36).order(ByteOrder.LITTLE_ENDIAN);
  }

  ByteBuffer table(String signature) {
    ByteBuffer table = tables.get(signature);
    if (table == null) {
      throw new AssertionError("no " + signature + " in " + tables.keySet());
    }
    return table;
  }

  Map<String, ByteBuffer> all() {
    return tables;
  }

  static int sum(ByteBuffer table, int length) {
    int sum = 0;
    for (int i = 0; i < length; i++) {
      sum += table.get(i);
    }
    return sum & 0xff;
  }
}

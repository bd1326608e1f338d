package org.wardian.libvirt.client;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.wardian.libvirt.wire.remote.TypedParam;
import org.wardian.libvirt.wire.remote.TypedParamValue;

/**
 * Parameters of the wire as a map, and a map as parameters.
 *
 * <p>A daemon's values come as {@link Integer} (int), {@link Long} (unsigned int, and both kinds of
 * 64 bits, of which an unsigned one above 2^63 is negative), {@link Double}, {@link Boolean} and
 * {@link String}.
 */
public final class TypedParameters {
  private final List<TypedParam> parameters = new ArrayList<>();

  /** None yet. */
  public TypedParameters() {}

  /** The values by name, in the daemon's order; of a name that comes twice the last. */
  public static Map<String, Object> toMap(List<TypedParam> parameters) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (TypedParam parameter : parameters) {
      map.put(
          parameter.field(),
          switch (parameter.value()) {
            case TypedParamValue.IntValue one -> one.value();
            case TypedParamValue.UintValue one -> Integer.toUnsignedLong(one.value());
            case TypedParamValue.LlongValue one -> one.value();
            case TypedParamValue.UllongValue one -> one.value();
            case TypedParamValue.DoubleValue one -> one.value();
            case TypedParamValue.BooleanValue one -> one.value() != 0;
            case TypedParamValue.StringValue one -> one.value();
          });
    }
    return map;
  }

  private TypedParameters put(String name, TypedParamValue value) {
    parameters.add(new TypedParam(name, value));
    return this;
  }

  /** Adds an {@code int}. */
  public TypedParameters putInt(String name, int value) {
    return put(name, new TypedParamValue.IntValue(value));
  }

  /** Adds an {@code unsigned int}. */
  public TypedParameters putUnsignedInt(String name, int value) {
    return put(name, new TypedParamValue.UintValue(value));
  }

  /** Adds a {@code long long}. */
  public TypedParameters putLong(String name, long value) {
    return put(name, new TypedParamValue.LlongValue(value));
  }

  /** Adds an {@code unsigned long long}. */
  public TypedParameters putUnsignedLong(String name, long value) {
    return put(name, new TypedParamValue.UllongValue(value));
  }

  /** Adds a {@code double}. */
  public TypedParameters putDouble(String name, double value) {
    return put(name, new TypedParamValue.DoubleValue(value));
  }

  /** Adds a boolean. */
  public TypedParameters putBoolean(String name, boolean value) {
    return put(name, new TypedParamValue.BooleanValue(value ? 1 : 0));
  }

  /** Adds a string. */
  public TypedParameters putString(String name, String value) {
    return put(name, new TypedParamValue.StringValue(value));
  }

  /** What was added. */
  public List<TypedParam> toList() {
    return List.copyOf(parameters);
  }
}

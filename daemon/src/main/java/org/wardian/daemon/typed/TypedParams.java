package org.wardian.daemon.typed;

import java.util.ArrayList;
import java.util.List;
import org.wardian.libvirt.wire.remote.TypedParam;
import org.wardian.libvirt.wire.remote.TypedParamValue;

/** Typed parameters that are put together one by one, in their order. */
public final class TypedParams {
  /** {@code VIR_TYPED_PARAM_STRING_OKAY}: the client understands texts. */
  public static final int STRING_OKAY = 4;

  private final List<TypedParam> all = new ArrayList<>();

  /** None yet. */
  public TypedParams() {}

  /** Adds an {@code int}. */
  public TypedParams int32(String field, int value) {
    return add(field, new TypedParamValue.IntValue(value));
  }

  /** Adds an {@code unsigned int}. */
  public TypedParams uint32(String field, int value) {
    return add(field, new TypedParamValue.UintValue(value));
  }

  /** Adds a {@code long long}. */
  public TypedParams int64(String field, long value) {
    return add(field, new TypedParamValue.LlongValue(value));
  }

  /** Adds an {@code unsigned long long}. */
  public TypedParams uint64(String field, long value) {
    return add(field, new TypedParamValue.UllongValue(value));
  }

  /** Adds a truth value. */
  public TypedParams bool(String field, boolean value) {
    return add(field, new TypedParamValue.BooleanValue(value ? 1 : 0));
  }

  /** Adds a text. */
  public TypedParams text(String field, String value) {
    return add(field, new TypedParamValue.StringValue(value));
  }

  private TypedParams add(String field, TypedParamValue value) {
    all.add(new TypedParam(field, value));
    return this;
  }

  /** All, for a call without flags for it. */
  public List<TypedParam> list() {
    return List.copyOf(all);
  }

  /** Those that a client understands, by the flags of its call. */
  public List<TypedParam> list(int flags) {
    return (flags & STRING_OKAY) != 0
        ? list()
        : all.stream()
            .filter(one -> !(one.value() instanceof TypedParamValue.StringValue))
            .toList();
  }

  /**
   * The answer to a call that asks first how many there are: none for {@code room} 0, else as many
   * as there is room for.
   */
  public List<TypedParam> page(int room, int flags) {
    List<TypedParam> those = list(flags);
    return room >= those.size() ? those : those.subList(0, Math.max(room, 0));
  }

  /** How many a client understands, by the flags of its call. */
  public int count(int flags) {
    return list(flags).size();
  }
}

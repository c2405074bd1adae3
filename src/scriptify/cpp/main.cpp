// Loads a TorchScript file with LibTorch, runs it on recorded inputs and compares the outputs with those of the eager
// model in Python.
//
//     run_model [MODEL.pt [CASES.pt]]
//
// Exit code 0: all cases agree; 1: one does not; 2: a file can't be used.

#include <torch/script.h>
#include <torch/serialize.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr double kTolerance = 1e-4;

std::vector<char> contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error(path + " can't be read");
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Unpickled lists and dicts have no element type; the model's own signature says which one it takes.
c10::IValue fitted(const c10::IValue& value, const c10::TypePtr& type) {
  if (auto optional = type->cast<c10::OptionalType>()) {
    return value.isNone() ? value : fitted(value, optional->getElementType());
  }
  if (auto list = type->cast<c10::ListType>()) {
    c10::impl::GenericList made(list->getElementType());
    std::vector<c10::IValue> items = value.isTuple() ? value.toTupleRef().elements().vec() : value.toListRef().vec();
    for (const auto& item : items) {
      made.push_back(fitted(item, list->getElementType()));
    }
    return made;
  }
  if (auto dict = type->cast<c10::DictType>()) {
    c10::impl::GenericDict made(dict->getKeyType(), dict->getValueType());
    for (const auto& item : value.toGenericDict()) {
      made.insert(fitted(item.key(), dict->getKeyType()), fitted(item.value(), dict->getValueType()));
    }
    return made;
  }
  if (auto tuple = type->cast<c10::TupleType>()) {
    std::vector<c10::IValue> items = value.isTuple() ? value.toTupleRef().elements().vec() : value.toListRef().vec();
    for (size_t i = 0; i < items.size() && i < tuple->elements().size(); ++i) {
      items[i] = fitted(items[i], tuple->elements()[i]);
    }
    return c10::ivalue::Tuple::create(std::move(items));
  }
  if (type->kind() == c10::TypeKind::FloatType && value.isInt()) {
    return static_cast<double>(value.toInt());
  }
  return value;
}

std::vector<c10::IValue> parts(const c10::IValue& value) {
  if (value.isTuple()) {
    return value.toTupleRef().elements().vec();
  }
  if (value.isObject()) {  // a named tuple's class, or a scripted one
    return value.toObjectRef().slots();
  }
  return value.toListRef().vec();
}

bool sequence(const c10::IValue& value) {
  return value.isTuple() || value.isList() || value.isObject();
}

// The largest difference so far goes to `largest`; returns where the two part, or an empty text.
std::string difference(const c10::IValue& want, const c10::IValue& got, const std::string& where, double& largest) {
  if (want.isTensor() && got.isTensor()) {
    const at::Tensor a = want.toTensor(), b = got.toTensor().detach();
    if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) {
      return where + ": another shape or dtype";
    }
    if (a.numel() == 0) {
      return "";
    }
    if (a.is_complex() || a.is_floating_point()) {
      const auto gap = at::nan_to_num(at::abs(a - b)).max().item<double>();
      largest = std::max(largest, gap);
    }
    const bool same = at::allclose(a.to(b.scalar_type()), b, kTolerance, kTolerance, /*equal_nan=*/true);
    return same ? "" : where + ": other values";
  }
  if (sequence(want) && sequence(got)) {
    const auto a = parts(want), b = parts(got);
    if (a.size() != b.size()) {
      return where + ": another length";
    }
    for (size_t i = 0; i < a.size(); ++i) {
      auto found = difference(a[i], b[i], where + "[" + std::to_string(i) + "]", largest);
      if (!found.empty()) {
        return found;
      }
    }
    return "";
  }
  if (want.isGenericDict() && sequence(got)) {  // an object's fields, by name in Python
    std::vector<c10::IValue> values;
    for (const auto& item : want.toGenericDict()) {
      values.push_back(item.value());
    }
    return difference(c10::ivalue::Tuple::create(values), got, where, largest);
  }
  if (want.isGenericDict() && got.isGenericDict()) {
    const auto a = want.toGenericDict(), b = got.toGenericDict();
    if (a.size() != b.size()) {
      return where + ": other keys";
    }
    auto other = b.begin();
    for (const auto& item : a) {
      auto found = difference(item.value(), (other++)->value(), where + "[" + item.key().toStringRef() + "]", largest);
      if (!found.empty()) {
        return found;
      }
    }
    return "";
  }
  if (want.isScalar() && got.isScalar()) {
    const double a = want.toScalar().toDouble(), b = got.toScalar().toDouble();
    largest = std::max(largest, std::abs(a - b));
    return std::abs(a - b) <= kTolerance * std::max(1.0, std::abs(a)) ? "" : where + ": another number";
  }
  if (want.isNone() && got.isNone()) {
    return "";
  }
  if (want.isString() && got.isString()) {
    return want.toStringRef() == got.toStringRef() ? "" : where + ": another text";
  }
  return where + ": another kind of value";
}

}  // namespace

int main(int argc, const char* argv[]) {
  const std::string model_path = argc > 1 ? argv[1] : "model.pt";
  const std::string cases_path = argc > 2 ? argv[2] : "cases.pt";
  torch::jit::Module model;
  std::vector<c10::IValue> cases;
  uint64_t seed = 0;  // that of the recorded calls: a model that draws numbers draws the same ones
  try {
    model = torch::jit::load(model_path);
    const c10::IValue recorded = torch::pickle_load(contents(cases_path));
    seed = static_cast<uint64_t>(recorded.toTupleRef().elements()[0].toInt());
    cases = recorded.toTupleRef().elements()[1].toListRef().vec();
  } catch (const std::exception& error) {
    std::cerr << "can't be used: " << error.what() << "\n";
    return 2;
  }
  int wrong = 0;
  for (size_t number = 0; number < cases.size(); ++number) {
    const auto row = cases[number].toTupleRef().elements().vec();
    std::string found;
    double largest = 0.0;
    try {
      const auto& schema = model.get_method("forward").function().getSchema().arguments();
      std::vector<c10::IValue> inputs;
      torch::jit::Kwargs named;
      for (const auto& value : row[0].toListRef()) {
        const size_t place = inputs.size() + 1;  // the first argument is the module itself
        inputs.push_back(place < schema.size() ? fitted(value, schema[place].type()) : value);
      }
      for (const auto& given : row[1].toGenericDict()) {
        const auto& name = given.key().toStringRef();
        for (const auto& argument : schema) {
          if (argument.name() == name) {
            named[name] = fitted(given.value(), argument.type());
          }
        }
      }
      torch::manual_seed(seed);
      found = difference(row[2], model.forward(inputs, named), "output", largest);
    } catch (const std::exception& error) {
      found = std::string("raises ") + error.what();
    }
    wrong += found.empty() ? 0 : 1;
    std::cout << "case " << number + 1 << ": " << (found.empty() ? "same" : found) << ", largest difference " << largest << "\n";
  }
  return wrong ? 1 : 0;
}

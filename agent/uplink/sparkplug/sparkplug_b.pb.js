/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

const $root = $protobuf.roots["default"] || ($protobuf.roots["default"] = {});

export const kerbside = $root.kerbside = (() => {

    const kerbside = {};

    kerbside.sparkplug = (function() {

        const sparkplug = {};

        sparkplug.Payload = (function() {

            const Payload = function (properties) {
                this.metrics = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            Payload.prototype.timestamp = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Payload.prototype.metrics = $util.emptyArray;
            Payload.prototype.seq = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Payload.prototype.uuid = "";
            Payload.prototype.body = $util.newBuffer([]);

            Payload.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.timestamp != null && $Object.hasOwnProperty.call(message, "timestamp"))
                    writer.uint32(8).uint64(message.timestamp);
                if (message.metrics != null && message.metrics.length)
                    for (let i = 0; i < message.metrics.length; ++i)
                        $root.kerbside.sparkplug.Metric.encode(message.metrics[i], writer.uint32(18).fork(), _depth + 1).ldelim();
                if (message.seq != null && $Object.hasOwnProperty.call(message, "seq"))
                    writer.uint32(24).uint64(message.seq);
                if (message.uuid != null && $Object.hasOwnProperty.call(message, "uuid"))
                    writer.uint32(34).string(message.uuid);
                if (message.body != null && $Object.hasOwnProperty.call(message, "body"))
                    writer.uint32(42).bytes(message.body);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            Payload.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.kerbside.sparkplug.Payload();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            message.timestamp = reader.uint64();
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if (!(message.metrics && message.metrics.length))
                                message.metrics = [];
                            message.metrics.push($root.kerbside.sparkplug.Metric.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            message.seq = reader.uint64();
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            message.uuid = reader.string();
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            message.body = reader.bytes();
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Payload;
        })();

        sparkplug.Metric = (function() {

            const Metric = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            Metric.prototype.name = "";
            Metric.prototype.alias = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Metric.prototype.timestamp = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Metric.prototype.datatype = 0;
            Metric.prototype.isHistorical = false;
            Metric.prototype.isTransient = false;
            Metric.prototype.isNull = false;
            Metric.prototype.metadata = null;
            Metric.prototype.properties = null;
            Metric.prototype.intValue = null;
            Metric.prototype.longValue = null;
            Metric.prototype.floatValue = null;
            Metric.prototype.doubleValue = null;
            Metric.prototype.booleanValue = null;
            Metric.prototype.stringValue = null;
            Metric.prototype.bytesValue = null;
            Metric.prototype.datasetValue = null;
            Metric.prototype.templateValue = null;

            let $oneOfFields;

            $Object.defineProperty(Metric.prototype, "value", {
                get: $util.oneOfGetter($oneOfFields = ["intValue", "longValue", "floatValue", "doubleValue", "booleanValue", "stringValue", "bytesValue", "datasetValue", "templateValue"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            Metric.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.name != null && $Object.hasOwnProperty.call(message, "name"))
                    writer.uint32(10).string(message.name);
                if (message.alias != null && $Object.hasOwnProperty.call(message, "alias"))
                    writer.uint32(16).uint64(message.alias);
                if (message.timestamp != null && $Object.hasOwnProperty.call(message, "timestamp"))
                    writer.uint32(24).uint64(message.timestamp);
                if (message.datatype != null && $Object.hasOwnProperty.call(message, "datatype"))
                    writer.uint32(32).uint32(message.datatype);
                if (message.isHistorical != null && $Object.hasOwnProperty.call(message, "isHistorical"))
                    writer.uint32(40).bool(message.isHistorical);
                if (message.isTransient != null && $Object.hasOwnProperty.call(message, "isTransient"))
                    writer.uint32(48).bool(message.isTransient);
                if (message.isNull != null && $Object.hasOwnProperty.call(message, "isNull"))
                    writer.uint32(56).bool(message.isNull);
                if (message.metadata != null && $Object.hasOwnProperty.call(message, "metadata"))
                    $root.kerbside.sparkplug.MetaData.encode(message.metadata, writer.uint32(66).fork(), _depth + 1).ldelim();
                if (message.properties != null && $Object.hasOwnProperty.call(message, "properties"))
                    $root.kerbside.sparkplug.PropertySet.encode(message.properties, writer.uint32(74).fork(), _depth + 1).ldelim();
                if (message.intValue != null && $Object.hasOwnProperty.call(message, "intValue"))
                    writer.uint32(80).uint32(message.intValue);
                if (message.longValue != null && $Object.hasOwnProperty.call(message, "longValue"))
                    writer.uint32(88).uint64(message.longValue);
                if (message.floatValue != null && $Object.hasOwnProperty.call(message, "floatValue"))
                    writer.uint32(101).float(message.floatValue);
                if (message.doubleValue != null && $Object.hasOwnProperty.call(message, "doubleValue"))
                    writer.uint32(105).double(message.doubleValue);
                if (message.booleanValue != null && $Object.hasOwnProperty.call(message, "booleanValue"))
                    writer.uint32(112).bool(message.booleanValue);
                if (message.stringValue != null && $Object.hasOwnProperty.call(message, "stringValue"))
                    writer.uint32(122).string(message.stringValue);
                if (message.bytesValue != null && $Object.hasOwnProperty.call(message, "bytesValue"))
                    writer.uint32(130).bytes(message.bytesValue);
                if (message.datasetValue != null && $Object.hasOwnProperty.call(message, "datasetValue"))
                    $root.kerbside.sparkplug.DataSet.encode(message.datasetValue, writer.uint32(138).fork(), _depth + 1).ldelim();
                if (message.templateValue != null && $Object.hasOwnProperty.call(message, "templateValue"))
                    $root.kerbside.sparkplug.Template.encode(message.templateValue, writer.uint32(146).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            Metric.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.kerbside.sparkplug.Metric();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            message.name = reader.string();
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            message.alias = reader.uint64();
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            message.timestamp = reader.uint64();
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            message.datatype = reader.uint32();
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            message.isHistorical = reader.bool();
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            message.isTransient = reader.bool();
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            message.isNull = reader.bool();
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            message.metadata = $root.kerbside.sparkplug.MetaData.decode(reader, reader.size(), $undefined, _depth + 1, message.metadata);
                            continue;
                        }
                    case 9: {
                            if (wireType !== 2)
                                break;
                            message.properties = $root.kerbside.sparkplug.PropertySet.decode(reader, reader.size(), $undefined, _depth + 1, message.properties);
                            continue;
                        }
                    case 10: {
                            if (wireType !== 0)
                                break;
                            message.intValue = reader.uint32();
                            message.value = "intValue";
                            continue;
                        }
                    case 11: {
                            if (wireType !== 0)
                                break;
                            message.longValue = reader.uint64();
                            message.value = "longValue";
                            continue;
                        }
                    case 12: {
                            if (wireType !== 5)
                                break;
                            message.floatValue = reader.float();
                            message.value = "floatValue";
                            continue;
                        }
                    case 13: {
                            if (wireType !== 1)
                                break;
                            message.doubleValue = reader.double();
                            message.value = "doubleValue";
                            continue;
                        }
                    case 14: {
                            if (wireType !== 0)
                                break;
                            message.booleanValue = reader.bool();
                            message.value = "booleanValue";
                            continue;
                        }
                    case 15: {
                            if (wireType !== 2)
                                break;
                            message.stringValue = reader.string();
                            message.value = "stringValue";
                            continue;
                        }
                    case 16: {
                            if (wireType !== 2)
                                break;
                            message.bytesValue = reader.bytes();
                            message.value = "bytesValue";
                            continue;
                        }
                    case 17: {
                            if (wireType !== 2)
                                break;
                            message.datasetValue = $root.kerbside.sparkplug.DataSet.decode(reader, reader.size(), $undefined, _depth + 1, message.datasetValue);
                            message.value = "datasetValue";
                            continue;
                        }
                    case 18: {
                            if (wireType !== 2)
                                break;
                            message.templateValue = $root.kerbside.sparkplug.Template.decode(reader, reader.size(), $undefined, _depth + 1, message.templateValue);
                            message.value = "templateValue";
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Metric;
        })();

        sparkplug.MetaData = (function() {

            const MetaData = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            MetaData.prototype.isMultiPart = false;
            MetaData.prototype.contentType = "";
            MetaData.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            MetaData.prototype.seq = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            MetaData.prototype.fileName = "";
            MetaData.prototype.fileType = "";
            MetaData.prototype.md5 = "";
            MetaData.prototype.description = "";

            MetaData.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.isMultiPart != null && $Object.hasOwnProperty.call(message, "isMultiPart"))
                    writer.uint32(8).bool(message.isMultiPart);
                if (message.contentType != null && $Object.hasOwnProperty.call(message, "contentType"))
                    writer.uint32(18).string(message.contentType);
                if (message.size != null && $Object.hasOwnProperty.call(message, "size"))
                    writer.uint32(24).uint64(message.size);
                if (message.seq != null && $Object.hasOwnProperty.call(message, "seq"))
                    writer.uint32(32).uint64(message.seq);
                if (message.fileName != null && $Object.hasOwnProperty.call(message, "fileName"))
                    writer.uint32(42).string(message.fileName);
                if (message.fileType != null && $Object.hasOwnProperty.call(message, "fileType"))
                    writer.uint32(50).string(message.fileType);
                if (message.md5 != null && $Object.hasOwnProperty.call(message, "md5"))
                    writer.uint32(58).string(message.md5);
                if (message.description != null && $Object.hasOwnProperty.call(message, "description"))
                    writer.uint32(66).string(message.description);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            MetaData.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.kerbside.sparkplug.MetaData();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            message.isMultiPart = reader.bool();
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            message.contentType = reader.string();
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            message.size = reader.uint64();
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            message.seq = reader.uint64();
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            message.fileName = reader.string();
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            message.fileType = reader.string();
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            message.md5 = reader.string();
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            message.description = reader.string();
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return MetaData;
        })();

        sparkplug.PropertySet = (function() {

            const PropertySet = function (properties) {
                this.keys = [];
                this.values = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            PropertySet.prototype.keys = $util.emptyArray;
            PropertySet.prototype.values = $util.emptyArray;

            PropertySet.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.keys != null && message.keys.length)
                    for (let i = 0; i < message.keys.length; ++i)
                        writer.uint32(10).string(message.keys[i]);
                if (message.values != null && message.values.length)
                    for (let i = 0; i < message.values.length; ++i)
                        $root.kerbside.sparkplug.PropertyValue.encode(message.values[i], writer.uint32(18).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            PropertySet.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.kerbside.sparkplug.PropertySet();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if (!(message.keys && message.keys.length))
                                message.keys = [];
                            message.keys.push(reader.string());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if (!(message.values && message.values.length))
                                message.values = [];
                            message.values.push($root.kerbside.sparkplug.PropertyValue.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return PropertySet;
        })();

        sparkplug.PropertySetList = (function() {

            const PropertySetList = function (properties) {
                this.propertyset = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            PropertySetList.prototype.propertyset = $util.emptyArray;

            PropertySetList.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.propertyset != null && message.propertyset.length)
                    for (let i = 0; i < message.propertyset.length; ++i)
                        $root.kerbside.sparkplug.PropertySet.encode(message.propertyset[i], writer.uint32(10).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            PropertySetList.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.kerbside.sparkplug.PropertySetList();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if (!(message.propertyset && message.propertyset.length))
                                message.propertyset = [];
                            message.propertyset.push($root.kerbside.sparkplug.PropertySet.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return PropertySetList;
        })();

        sparkplug.PropertyValue = (function() {

            const PropertyValue = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            PropertyValue.prototype.type = 0;
            PropertyValue.prototype.isNull = false;
            PropertyValue.prototype.intValue = null;
            PropertyValue.prototype.longValue = null;
            PropertyValue.prototype.floatValue = null;
            PropertyValue.prototype.doubleValue = null;
            PropertyValue.prototype.booleanValue = null;
            PropertyValue.prototype.stringValue = null;
            PropertyValue.prototype.propertysetValue = null;
            PropertyValue.prototype.propertysetsValue = null;

            let $oneOfFields;

            $Object.defineProperty(PropertyValue.prototype, "value", {
                get: $util.oneOfGetter($oneOfFields = ["intValue", "longValue", "floatValue", "doubleValue", "booleanValue", "stringValue", "propertysetValue", "propertysetsValue"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            PropertyValue.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.type != null && $Object.hasOwnProperty.call(message, "type"))
                    writer.uint32(8).uint32(message.type);
                if (message.isNull != null && $Object.hasOwnProperty.call(message, "isNull"))
                    writer.uint32(16).bool(message.isNull);
                if (message.intValue != null && $Object.hasOwnProperty.call(message, "intValue"))
                    writer.uint32(24).uint32(message.intValue);
                if (message.longValue != null && $Object.hasOwnProperty.call(message, "longValue"))
                    writer.uint32(32).uint64(message.longValue);
                if (message.floatValue != null && $Object.hasOwnProperty.call(message, "floatValue"))
                    writer.uint32(45).float(message.floatValue);
                if (message.doubleValue != null && $Object.hasOwnProperty.call(message, "doubleValue"))
                    writer.uint32(49).double(message.doubleValue);
                if (message.booleanValue != null && $Object.hasOwnProperty.call(message, "booleanValue"))
                    writer.uint32(56).bool(message.booleanValue);
                if (message.stringValue != null && $Object.hasOwnProperty.call(message, "stringValue"))
                    writer.uint32(66).string(message.stringValue);
                if (message.propertysetValue != null && $Object.hasOwnProperty.call(message, "propertysetValue"))
                    $root.kerbside.sparkplug.PropertySet.encode(message.propertysetValue, writer.uint32(74).fork(), _depth + 1).ldelim();
                if (message.propertysetsValue != null && $Object.hasOwnProperty.call(message, "propertysetsValue"))
                    $root.kerbside.sparkplug.PropertySetList.encode(message.propertysetsValue, writer.uint32(82).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            PropertyValue.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.kerbside.sparkplug.PropertyValue();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            message.type = reader.uint32();
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            message.isNull = reader.bool();
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            message.intValue = reader.uint32();
                            message.value = "intValue";
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            message.longValue = reader.uint64();
                            message.value = "longValue";
                            continue;
                        }
                    case 5: {
                            if (wireType !== 5)
                                break;
                            message.floatValue = reader.float();
                            message.value = "floatValue";
                            continue;
                        }
                    case 6: {
                            if (wireType !== 1)
                                break;
                            message.doubleValue = reader.double();
                            message.value = "doubleValue";
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            message.booleanValue = reader.bool();
                            message.value = "booleanValue";
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            message.stringValue = reader.string();
                            message.value = "stringValue";
                            continue;
                        }
                    case 9: {
                            if (wireType !== 2)
                                break;
                            message.propertysetValue = $root.kerbside.sparkplug.PropertySet.decode(reader, reader.size(), $undefined, _depth + 1, message.propertysetValue);
                            message.value = "propertysetValue";
                            continue;
                        }
                    case 10: {
                            if (wireType !== 2)
                                break;
                            message.propertysetsValue = $root.kerbside.sparkplug.PropertySetList.decode(reader, reader.size(), $undefined, _depth + 1, message.propertysetsValue);
                            message.value = "propertysetsValue";
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return PropertyValue;
        })();

        sparkplug.DataSet = (function() {

            const DataSet = function (properties) {
                this.columns = [];
                this.types = [];
                this.rows = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            DataSet.prototype.numOfColumns = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            DataSet.prototype.columns = $util.emptyArray;
            DataSet.prototype.types = $util.emptyArray;
            DataSet.prototype.rows = $util.emptyArray;

            DataSet.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.numOfColumns != null && $Object.hasOwnProperty.call(message, "numOfColumns"))
                    writer.uint32(8).uint64(message.numOfColumns);
                if (message.columns != null && message.columns.length)
                    for (let i = 0; i < message.columns.length; ++i)
                        writer.uint32(18).string(message.columns[i]);
                if (message.types != null && message.types.length)
                    for (let i = 0; i < message.types.length; ++i)
                        writer.uint32(24).uint32(message.types[i]);
                if (message.rows != null && message.rows.length)
                    for (let i = 0; i < message.rows.length; ++i)
                        $root.kerbside.sparkplug.DataSet.Row.encode(message.rows[i], writer.uint32(34).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            DataSet.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.kerbside.sparkplug.DataSet();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            message.numOfColumns = reader.uint64();
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if (!(message.columns && message.columns.length))
                                message.columns = [];
                            message.columns.push(reader.string());
                            continue;
                        }
                    case 3: {
                            if (wireType === 2) {
                                if (!(message.types && message.types.length))
                                    message.types = [];
                                reader.uint32s(message.types);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.types && message.types.length))
                                message.types = [];
                            message.types.push(reader.uint32());
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if (!(message.rows && message.rows.length))
                                message.rows = [];
                            message.rows.push($root.kerbside.sparkplug.DataSet.Row.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            DataSet.Value = (function() {

                const Value = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                Value.prototype.intValue = null;
                Value.prototype.longValue = null;
                Value.prototype.floatValue = null;
                Value.prototype.doubleValue = null;
                Value.prototype.booleanValue = null;
                Value.prototype.stringValue = null;

                let $oneOfFields;

                $Object.defineProperty(Value.prototype, "value", {
                    get: $util.oneOfGetter($oneOfFields = ["intValue", "longValue", "floatValue", "doubleValue", "booleanValue", "stringValue"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                Value.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.intValue != null && $Object.hasOwnProperty.call(message, "intValue"))
                        writer.uint32(8).uint32(message.intValue);
                    if (message.longValue != null && $Object.hasOwnProperty.call(message, "longValue"))
                        writer.uint32(16).uint64(message.longValue);
                    if (message.floatValue != null && $Object.hasOwnProperty.call(message, "floatValue"))
                        writer.uint32(29).float(message.floatValue);
                    if (message.doubleValue != null && $Object.hasOwnProperty.call(message, "doubleValue"))
                        writer.uint32(33).double(message.doubleValue);
                    if (message.booleanValue != null && $Object.hasOwnProperty.call(message, "booleanValue"))
                        writer.uint32(40).bool(message.booleanValue);
                    if (message.stringValue != null && $Object.hasOwnProperty.call(message, "stringValue"))
                        writer.uint32(50).string(message.stringValue);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                Value.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.kerbside.sparkplug.DataSet.Value();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                message.intValue = reader.uint32();
                                message.value = "intValue";
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                message.longValue = reader.uint64();
                                message.value = "longValue";
                                continue;
                            }
                        case 3: {
                                if (wireType !== 5)
                                    break;
                                message.floatValue = reader.float();
                                message.value = "floatValue";
                                continue;
                            }
                        case 4: {
                                if (wireType !== 1)
                                    break;
                                message.doubleValue = reader.double();
                                message.value = "doubleValue";
                                continue;
                            }
                        case 5: {
                                if (wireType !== 0)
                                    break;
                                message.booleanValue = reader.bool();
                                message.value = "booleanValue";
                                continue;
                            }
                        case 6: {
                                if (wireType !== 2)
                                    break;
                                message.stringValue = reader.string();
                                message.value = "stringValue";
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Value;
            })();

            DataSet.Row = (function() {

                const Row = function (properties) {
                    this.elements = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                Row.prototype.elements = $util.emptyArray;

                Row.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.elements != null && message.elements.length)
                        for (let i = 0; i < message.elements.length; ++i)
                            $root.kerbside.sparkplug.DataSet.Value.encode(message.elements[i], writer.uint32(10).fork(), _depth + 1).ldelim();
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                Row.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.kerbside.sparkplug.DataSet.Row();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.elements && message.elements.length))
                                    message.elements = [];
                                message.elements.push($root.kerbside.sparkplug.DataSet.Value.decode(reader, reader.size(), $undefined, _depth + 1));
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Row;
            })();

            return DataSet;
        })();

        sparkplug.Template = (function() {

            const Template = function (properties) {
                this.metrics = [];
                this.parameters = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            Template.prototype.version = "";
            Template.prototype.metrics = $util.emptyArray;
            Template.prototype.parameters = $util.emptyArray;
            Template.prototype.templateRef = "";
            Template.prototype.isDefinition = false;

            Template.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.version != null && $Object.hasOwnProperty.call(message, "version"))
                    writer.uint32(10).string(message.version);
                if (message.metrics != null && message.metrics.length)
                    for (let i = 0; i < message.metrics.length; ++i)
                        $root.kerbside.sparkplug.Metric.encode(message.metrics[i], writer.uint32(18).fork(), _depth + 1).ldelim();
                if (message.parameters != null && message.parameters.length)
                    for (let i = 0; i < message.parameters.length; ++i)
                        $root.kerbside.sparkplug.Template.Parameter.encode(message.parameters[i], writer.uint32(26).fork(), _depth + 1).ldelim();
                if (message.templateRef != null && $Object.hasOwnProperty.call(message, "templateRef"))
                    writer.uint32(34).string(message.templateRef);
                if (message.isDefinition != null && $Object.hasOwnProperty.call(message, "isDefinition"))
                    writer.uint32(40).bool(message.isDefinition);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            Template.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.kerbside.sparkplug.Template();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            message.version = reader.string();
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if (!(message.metrics && message.metrics.length))
                                message.metrics = [];
                            message.metrics.push($root.kerbside.sparkplug.Metric.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if (!(message.parameters && message.parameters.length))
                                message.parameters = [];
                            message.parameters.push($root.kerbside.sparkplug.Template.Parameter.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            message.templateRef = reader.string();
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            message.isDefinition = reader.bool();
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            Template.Parameter = (function() {

                const Parameter = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                Parameter.prototype.name = "";
                Parameter.prototype.type = 0;
                Parameter.prototype.intValue = null;
                Parameter.prototype.longValue = null;
                Parameter.prototype.floatValue = null;
                Parameter.prototype.doubleValue = null;
                Parameter.prototype.booleanValue = null;
                Parameter.prototype.stringValue = null;

                let $oneOfFields;

                $Object.defineProperty(Parameter.prototype, "value", {
                    get: $util.oneOfGetter($oneOfFields = ["intValue", "longValue", "floatValue", "doubleValue", "booleanValue", "stringValue"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                Parameter.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.name != null && $Object.hasOwnProperty.call(message, "name"))
                        writer.uint32(10).string(message.name);
                    if (message.type != null && $Object.hasOwnProperty.call(message, "type"))
                        writer.uint32(16).uint32(message.type);
                    if (message.intValue != null && $Object.hasOwnProperty.call(message, "intValue"))
                        writer.uint32(24).uint32(message.intValue);
                    if (message.longValue != null && $Object.hasOwnProperty.call(message, "longValue"))
                        writer.uint32(32).uint64(message.longValue);
                    if (message.floatValue != null && $Object.hasOwnProperty.call(message, "floatValue"))
                        writer.uint32(45).float(message.floatValue);
                    if (message.doubleValue != null && $Object.hasOwnProperty.call(message, "doubleValue"))
                        writer.uint32(49).double(message.doubleValue);
                    if (message.booleanValue != null && $Object.hasOwnProperty.call(message, "booleanValue"))
                        writer.uint32(56).bool(message.booleanValue);
                    if (message.stringValue != null && $Object.hasOwnProperty.call(message, "stringValue"))
                        writer.uint32(66).string(message.stringValue);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                Parameter.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.kerbside.sparkplug.Template.Parameter();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                message.name = reader.string();
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                message.type = reader.uint32();
                                continue;
                            }
                        case 3: {
                                if (wireType !== 0)
                                    break;
                                message.intValue = reader.uint32();
                                message.value = "intValue";
                                continue;
                            }
                        case 4: {
                                if (wireType !== 0)
                                    break;
                                message.longValue = reader.uint64();
                                message.value = "longValue";
                                continue;
                            }
                        case 5: {
                                if (wireType !== 5)
                                    break;
                                message.floatValue = reader.float();
                                message.value = "floatValue";
                                continue;
                            }
                        case 6: {
                                if (wireType !== 1)
                                    break;
                                message.doubleValue = reader.double();
                                message.value = "doubleValue";
                                continue;
                            }
                        case 7: {
                                if (wireType !== 0)
                                    break;
                                message.booleanValue = reader.bool();
                                message.value = "booleanValue";
                                continue;
                            }
                        case 8: {
                                if (wireType !== 2)
                                    break;
                                message.stringValue = reader.string();
                                message.value = "stringValue";
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Parameter;
            })();

            return Template;
        })();

        return sparkplug;
    })();

    return kerbside;
})();

export {
  $root as default
};
